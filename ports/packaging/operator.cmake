# The package of the operator's tool, for a desk or a gateway that builds for itself: one program, and a
# service that is installed and not enabled. With the preset `operator`; ports/packaging/make operator does all.
set(packaging "${CMAKE_SOURCE_DIR}/ports/packaging")
include(ports/packaging/debian_names.cmake)

foreach(file "${CMAKE_SOURCE_DIR}/README.md" "${CMAKE_SOURCE_DIR}/CHANGELOG.md"
        "${CMAKE_BINARY_DIR}/copyright" "${CMAKE_BINARY_DIR}/changelog.Debian.gz")
    install(FILES "${file}" DESTINATION share/doc/berth-operator COMPONENT operator OPTIONAL)
endforeach()

# Made beside the program (ports/app/words).
set(words "${CMAKE_BINARY_DIR}/words")
install(DIRECTORY "${words}/man1" DESTINATION share/man COMPONENT operator OPTIONAL)
install(FILES "${words}/bash/berth" DESTINATION share/bash-completion/completions COMPONENT operator OPTIONAL)
install(FILES "${words}/zsh/_berth" DESTINATION share/zsh/vendor-completions COMPONENT operator OPTIONAL)
install(FILES "${words}/fish/berth.fish" DESTINATION share/fish/vendor_completions.d COMPONENT operator OPTIONAL)

install(FILES "${packaging}/systemd/berth-coordinate.service" DESTINATION lib/systemd/system COMPONENT operator)
install(FILES "${packaging}/berth-coordinate.default" DESTINATION /etc/default RENAME berth-coordinate
    COMPONENT operator)

set(CPACK_GENERATOR DEB)
set(CMAKE_SKIP_INSTALL_ALL_DEPENDENCY ON) # the gateway's programs need not be built for it
set(CPACK_DEB_COMPONENT_INSTALL ON)
set(CPACK_COMPONENTS_ALL operator)
set(CPACK_PACKAGE_NAME berth-operator)
set(CPACK_DEBIAN_OPERATOR_PACKAGE_NAME berth-operator)
set(CPACK_DEBIAN_OPERATOR_PACKAGE_CONTROL_EXTRA "${packaging}/debian-operator/conffiles")
set(CPACK_PACKAGE_CONTACT "berth maintainers <maintainers@berth.invalid>")
set(CPACK_COMPONENT_OPERATOR_DESCRIPTION "deploys Compose files to gateways without losing requests
berth makes signed releases of Compose files and brings them to one gateway
or over a fleet of them, one after the other. The gateways run the package
berth.")
set(CPACK_SET_DESTDIR ON)
set(CPACK_STRIP_FILES ON)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_SECTION admin)
set(CPACK_DEBIAN_PACKAGE_RELEASE 1)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_PACKAGE_DEPENDS "ca-certificates")
set(CPACK_DEBIAN_PACKAGE_RECOMMENDS "openssh-client")
set(CPACK_DEBIAN_PACKAGE_SUGGESTS "berth, docker.io")
set(CPACK_DEBIAN_PACKAGE_CONTROL_STRICT_PERMISSION ON)
include(CPack)
