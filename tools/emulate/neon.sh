#!/bin/sh
# Runs the kernel tests as a 64-bit ARM program under QEMU's user-mode emulation: once on a processor without the dot
# product extension, once on one with it. About a minute.
#
#   tools/emulate/neon.sh
#
# Needs Debian's packages g++-aarch64-linux-gnu and qemu-user-static. NEARFILE_TEST_REDUCED=1 takes a few dims instead of
# all. Leaves everything in build/emulate (or $NEARFILE_EMULATE_DIR); exits 0 if all tests passed.
set -eu
cd "$(dirname "$0")/../.."
work=${NEARFILE_EMULATE_DIR:-build/emulate}/neon
mkdir -p "$work"

# The tests, as the library is built but without CMake: each kernel file with its own flags.
flags="-O3 -std=c++20 -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wno-sign-conversion -ffp-contract=off -Isrc -Itests/cpp"
compile() { aarch64-linux-gnu-g++ $flags -c "$@"; }
compile src/kernels/scalar.cpp -o "$work/scalar.o"
compile src/kernels/scalar_vectors.cpp -o "$work/scalar_vectors.o"
compile src/kernels/dispatch.cpp -DNEARFILE_KERNELS_ARM -o "$work/dispatch.o"
compile src/kernels/neon.cpp -o "$work/neon.o"
compile src/kernels/neon_codes.cpp -o "$work/neon_codes.o"
compile src/kernels/neon_vectors.cpp -o "$work/neon_vectors.o"
compile src/kernels/neondotprod.cpp -march=armv8.2-a+dotprod -o "$work/neondotprod.o"
for test in kernels codes vectors; do compile "tests/cpp/kernels/$test.test.cpp" -o "$work/$test.test.o"; done
compile tests/cpp/run.cpp -o "$work/run.o"
aarch64-linux-gnu-g++ -static -o "$work/kernel_tests" "$work"/*.o

for processor in cortex-a53 max; do
    echo "processor $processor:"
    qemu-aarch64-static -cpu "$processor" "$work/kernel_tests"
done
