# What `cmake --install` writes: the archive, the headers, and the package that find_package(nearfile) finds.
include(GNUInstallDirs)
include(CMakePackageConfigHelpers)
set(NEARFILE_PACKAGE_DIR ${CMAKE_INSTALL_LIBDIR}/cmake/nearfile)

target_include_directories(nearfile INTERFACE $<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}>)
install(TARGETS nearfile EXPORT nearfile ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR} COMPONENT cpp)
install(DIRECTORY include/nearfile DESTINATION ${CMAKE_INSTALL_INCLUDEDIR} COMPONENT cpp)
install(EXPORT nearfile NAMESPACE nearfile:: FILE nearfile-targets.cmake DESTINATION ${NEARFILE_PACKAGE_DIR} COMPONENT cpp)

# Before 1.0 the second number may break what uses it.
write_basic_package_version_file(nearfile-config-version.cmake COMPATIBILITY SameMinorVersion)
install(FILES cmake/nearfile-config.cmake ${CMAKE_CURRENT_BINARY_DIR}/nearfile-config-version.cmake
        DESTINATION ${NEARFILE_PACKAGE_DIR} COMPONENT cpp)
