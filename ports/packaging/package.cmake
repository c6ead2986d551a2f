# What a package of the gateway's programs holds, and how CPack makes a .deb of it. With the presets
# of toolchains/: cmake --install or cpack in their build directories; ports/packaging/make does all.
set(packaging "${CMAKE_SOURCE_DIR}/ports/packaging")
include(ports/packaging/debian_names.cmake)

install(FILES "${packaging}/systemd/berthd.service" "${packaging}/systemd/berth-boot.service"
    DESTINATION lib/systemd/system)
install(PROGRAMS "${packaging}/systemd/berth-boot" DESTINATION libexec/berth)
install(FILES "${packaging}/systemd/berth.sysctl" DESTINATION lib/sysctl.d RENAME 60-berth.conf)
install(FILES "${packaging}/systemd/berth.tmpfiles" DESTINATION lib/tmpfiles.d RENAME berth.conf)
# Made beside the programs (ports/app/words).
set(words "${CMAKE_BINARY_DIR}/words")
install(FILES "${words}/man8/berthd.8.gz" "${words}/man8/berthctl.8.gz" DESTINATION share/man/man8 OPTIONAL)
foreach(program berthd berthctl)
    install(FILES "${words}/bash/${program}" DESTINATION share/bash-completion/completions OPTIONAL)
    install(FILES "${words}/zsh/_${program}" DESTINATION share/zsh/vendor-completions OPTIONAL)
    install(FILES "${words}/fish/${program}.fish" DESTINATION share/fish/vendor_completions.d OPTIONAL)
endforeach()
install(FILES "${packaging}/berthd.default" DESTINATION /etc/default RENAME berthd)
install(FILES "${packaging}/berthd.json.example" "${packaging}/README.md"
    "${CMAKE_SOURCE_DIR}/CHANGELOG.md" DESTINATION share/doc/berth)
install(FILES "${CMAKE_BINARY_DIR}/copyright" DESTINATION share/doc/berth OPTIONAL)
install(FILES "${CMAKE_BINARY_DIR}/changelog.Debian.gz" DESTINATION share/doc/berth OPTIONAL)

set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGE_NAME berth)
set(CPACK_PACKAGE_CONTACT "berth maintainers <maintainers@berth.invalid>")
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "edge deployment agent: swaps containers without losing requests")
set(CPACK_PACKAGE_DESCRIPTION "berthd changes containers on a gateway one release at a time,
proven by local probes before traffic moves and reversible with no network.
berthctl is the technician's tool. Both are single static files.")
set(CPACK_SET_DESTDIR ON) # so that /etc is /etc; the prefix is that of the build
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_SECTION admin)
set(CPACK_DEBIAN_PACKAGE_RELEASE 1)
set(CPACK_DEBIAN_PACKAGE_DEPENDS "nftables, iptables, conntrack, procps")
set(CPACK_DEBIAN_PACKAGE_RECOMMENDS "docker.io | docker-ce | podman")
set(CPACK_DEBIAN_PACKAGE_CONTROL_STRICT_PERMISSION ON)
set(CPACK_DEBIAN_PACKAGE_CONTROL_EXTRA "${packaging}/debian/postinst" "${packaging}/debian/prerm"
    "${packaging}/debian/postrm" "${packaging}/debian/conffiles")
include(CPack)
