# find_package(nearfile) gives nearfile::nearfile.
include(CMakeFindDependencyMacro)
find_dependency(Threads)
include(${CMAKE_CURRENT_LIST_DIR}/nearfile-targets.cmake)
