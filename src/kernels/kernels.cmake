# Adds the kernels to the library: one or two files per instruction set, each with the flags of its own, chosen at run time by
# dispatch.cpp. Which files exist is decided by the target processor here, not by macros such as __AVX2__ in the sources.
set(NEARFILE_KERNELS ${CMAKE_CURRENT_LIST_DIR})
target_sources(nearfile PRIVATE ${NEARFILE_KERNELS}/scalar.cpp ${NEARFILE_KERNELS}/scalar_vectors.cpp
                                ${NEARFILE_KERNELS}/dispatch.cpp)

# macOS cross-compiles by architecture name and leaves CMAKE_SYSTEM_PROCESSOR at the host's.
set(NEARFILE_PROCESSOR "${CMAKE_SYSTEM_PROCESSOR}")
if(APPLE AND CMAKE_OSX_ARCHITECTURES)
  set(NEARFILE_PROCESSOR "${CMAKE_OSX_ARCHITECTURES}")
endif()
string(TOLOWER "${NEARFILE_PROCESSOR}" NEARFILE_PROCESSOR)
if(NEARFILE_PROCESSOR MATCHES ";")
  message(FATAL_ERROR "nearfile builds one architecture at a time; CMAKE_OSX_ARCHITECTURES is "
                      "\"${CMAKE_OSX_ARCHITECTURES}\". Build each on its own and join them with lipo.")
endif()

if(NEARFILE_PROCESSOR MATCHES "^(x86_64|amd64)$" AND CMAKE_SIZEOF_VOID_P EQUAL 8)
  target_sources(nearfile PRIVATE ${NEARFILE_KERNELS}/avx2.cpp ${NEARFILE_KERNELS}/avx2_codes.cpp
                                  ${NEARFILE_KERNELS}/avx2_vectors.cpp
                                  ${NEARFILE_KERNELS}/avx512.cpp ${NEARFILE_KERNELS}/avx512_codes.cpp
                                  ${NEARFILE_KERNELS}/avx512_vectors.cpp
                                  ${NEARFILE_KERNELS}/avx512vnni.cpp)
  set_source_files_properties(${NEARFILE_KERNELS}/dispatch.cpp PROPERTIES COMPILE_DEFINITIONS NEARFILE_KERNELS_X86)
  if(MSVC)  # whose intrinsics need no flag each
    set(NEARFILE_AVX2 /arch:AVX2)
    set(NEARFILE_AVX512 /arch:AVX512)
    set(NEARFILE_VNNI)
  else()
    set(NEARFILE_AVX2 -mavx2 -mf16c -mpopcnt)
    set(NEARFILE_AVX512 ${NEARFILE_AVX2} -mavx512f -mavx512bw -mavx512dq -mavx512vl)
    set(NEARFILE_VNNI -mavx512vnni)
  endif()
  if(MINGW AND CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
    # The stack of Windows is aligned to 16 bytes, and GCC there takes it to be aligned to as many as its vectors (its bug
    # 54412). Moves that need no alignment are as fast where there is some.
    list(APPEND NEARFILE_AVX2 -Wa,-muse-unaligned-vector-move)
    list(APPEND NEARFILE_AVX512 -Wa,-muse-unaligned-vector-move)
  endif()
  if(PROJECT_IS_TOP_LEVEL AND CMAKE_CXX_COMPILER_ID STREQUAL "GNU" AND CMAKE_CXX_COMPILER_VERSION VERSION_LESS 13)
    # GCC's own headers warn there (its bug 105593).
    list(APPEND NEARFILE_AVX512 -Wno-uninitialized -Wno-maybe-uninitialized)
  endif()
  set(NEARFILE_AVX512VNNI ${NEARFILE_AVX512} ${NEARFILE_VNNI})
  set_source_files_properties(${NEARFILE_KERNELS}/avx2.cpp ${NEARFILE_KERNELS}/avx2_codes.cpp
                            ${NEARFILE_KERNELS}/avx2_vectors.cpp
                              PROPERTIES COMPILE_OPTIONS "${NEARFILE_AVX2}")
  set_source_files_properties(${NEARFILE_KERNELS}/avx512.cpp ${NEARFILE_KERNELS}/avx512_codes.cpp
                            ${NEARFILE_KERNELS}/avx512_vectors.cpp
                              PROPERTIES COMPILE_OPTIONS "${NEARFILE_AVX512}")
  set_source_files_properties(${NEARFILE_KERNELS}/avx512vnni.cpp PROPERTIES COMPILE_OPTIONS "${NEARFILE_AVX512VNNI}")
elseif(NEARFILE_PROCESSOR MATCHES "^(aarch64|arm64)$" AND CMAKE_SIZEOF_VOID_P EQUAL 8)
  target_sources(nearfile PRIVATE ${NEARFILE_KERNELS}/neon.cpp ${NEARFILE_KERNELS}/neon_codes.cpp
                                  ${NEARFILE_KERNELS}/neon_vectors.cpp
                                  ${NEARFILE_KERNELS}/neondotprod.cpp)
  set_source_files_properties(${NEARFILE_KERNELS}/dispatch.cpp PROPERTIES COMPILE_DEFINITIONS NEARFILE_KERNELS_ARM)
  if(NOT MSVC)  # whose intrinsics need no flag
    set_source_files_properties(${NEARFILE_KERNELS}/neondotprod.cpp PROPERTIES COMPILE_OPTIONS -march=armv8.2-a+dotprod)
  endif()
endif()
