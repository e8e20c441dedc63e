# What this build installs is enough to build and run the example, from wherever it was moved to.
include(${CMAKE_CURRENT_LIST_DIR}/run.cmake)

file(REMOVE_RECURSE ${WORK}/first ${WORK}/moved)
run(${CMAKE_COMMAND} --install ${BUILD} --prefix ${WORK}/first --component cpp)
file(RENAME ${WORK}/first ${WORK}/moved)

configure(${SOURCE}/examples ${WORK}/examples -DCMAKE_PREFIX_PATH=${WORK}/moved)
run(${CMAKE_COMMAND} --build ${WORK}/examples)
run(${WORK}/examples/nearest ${WORK}/colors.near)
expect("nearest to #ff7f50: coral" "${output}")

# Nothing in the package leads back to where it was built.
file(GLOB_RECURSE package ${WORK}/moved/*.cmake)
foreach(file IN LISTS package)
  file(READ ${file} text)
  expect_not("${SOURCE}" "${text}")
endforeach()
