# What this build installs is enough to build and run the example, from wherever it was moved to.
include(${CMAKE_CURRENT_LIST_DIR}/run.cmake)

file(REMOVE_RECURSE ${WORK}/first ${WORK}/moved)
run(${CMAKE_COMMAND} --install ${BUILD} --prefix ${WORK}/first --component cpp)
file(RENAME ${WORK}/first ${WORK}/moved)

configure(${SOURCE}/examples ${WORK}/examples -DCMAKE_PREFIX_PATH=${WORK}/moved)
run(${CMAKE_COMMAND} --build ${WORK}/examples)
run(${WORK}/examples/nearest ${WORK}/colors.near)
expect("nearest to #ff7f50: coral" "${output}")

# The program of docs/cpp.md, which says what it prints.
file(READ ${SOURCE}/docs/cpp.md page)
string(REGEX REPLACE "^.*```cpp\n" "" program "${page}")
string(REGEX REPLACE "```.*$" "" program "${program}")
file(WRITE ${WORK}/page/main.cpp "${program}")
file(WRITE ${WORK}/page/CMakeLists.txt "cmake_minimum_required(VERSION 3.21)
project(page LANGUAGES CXX)
find_package(nearfile 0.1 REQUIRED)
add_executable(page main.cpp)
target_compile_options(page PRIVATE -Wall -Wextra -Wpedantic -Werror)
target_link_libraries(page PRIVATE nearfile::nearfile)
")
configure(${WORK}/page ${WORK}/page-build -DCMAKE_PREFIX_PATH=${WORK}/moved)
run(${CMAKE_COMMAND} --build ${WORK}/page-build)
run(${CMAKE_COMMAND} -E chdir ${WORK}/page-build ./page)
expect("red at 15\ngreen at 276\\.63" "${output}")

# Nothing in the package leads back to where it was built.
file(GLOB_RECURSE package ${WORK}/moved/*.cmake)
foreach(file IN LISTS package)
  file(READ ${file} text)
  expect_not("${SOURCE}" "${text}")
endforeach()
