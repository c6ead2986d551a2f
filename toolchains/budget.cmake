# The build fails when a program outgrows toolchains/budget.txt; its sizes are printed either way.
foreach(program berthd berthctl)
    set(map "${CMAKE_BINARY_DIR}/${program}.map")
    set(sizes "${CMAKE_BINARY_DIR}/${program}.sizes")
    target_link_options(${program} PRIVATE "-Wl,-Map=${map}")
    add_custom_command(OUTPUT "${sizes}"
        COMMAND "${CMAKE_SOURCE_DIR}/toolchains/size" "${map}" "${CMAKE_SOURCE_DIR}/toolchains/budget.txt"
            ${BERTH_TARGET} $<TARGET_FILE:${program}>
        COMMAND "${CMAKE_COMMAND}" -E touch "${sizes}"
        DEPENDS ${program} toolchains/budget.txt toolchains/size
        COMMENT "What ${program} costs on ${BERTH_TARGET}"
        VERBATIM)
    list(APPEND all_sizes "${sizes}")
endforeach()
add_custom_target(budget ALL DEPENDS ${all_sizes})
