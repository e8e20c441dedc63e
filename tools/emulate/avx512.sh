#!/bin/sh
# Runs the kernel tests on an emulated processor with AVX-512 and VNNI: boots a Debian kernel in Bochs, whose only program
# is a static build of the tests printing to the serial port. Two to ten minutes; takes the reduced dims.
#
#   tools/emulate/avx512.sh [processor]     default corei7_icelake_u (with VNNI); corei7_skylake_x has AVX-512 without VNNI
#
# Needs Debian's packages g++ bochs bochsbios vgabios cpio gzip grub-pc-bin grub-common xorriso mtools, and
# downloads linux-image-cloud-amd64 with apt-get (not installed, only unpacked). Set NEARFILE_KERNEL to a bzImage to use
# another one. Leaves everything in build/emulate (or $NEARFILE_EMULATE_DIR); exits 0 if all tests passed.
set -eu
cd "$(dirname "$0")/../.."
processor=${1:-corei7_icelake_u}
root=$PWD
place=${NEARFILE_EMULATE_DIR:-$root/build/emulate}
work=$place/$processor
rm -rf "$work"
mkdir -p "$work/initramfs" "$work/image/boot/grub"

# The tests, as the library is built but without CMake: each kernel file with its own flags.
flags="-O2 -std=c++20 -ffp-contract=off -Isrc -Itests/cpp"
avx2="-mavx2 -mf16c -mpopcnt"
avx512="$avx2 -mavx512f -mavx512bw -mavx512dq -mavx512vl -w"
compile() { g++ $flags -c "$@"; }
compile src/kernels/scalar.cpp -o "$work/scalar.o"
compile src/kernels/scalar_vectors.cpp -o "$work/scalar_vectors.o"
compile src/kernels/dispatch.cpp -DNEARFILE_KERNELS_X86 -o "$work/dispatch.o"
compile src/kernels/avx2.cpp $avx2 -o "$work/avx2.o"
compile src/kernels/avx2_codes.cpp $avx2 -o "$work/avx2_codes.o"
compile src/kernels/avx2_vectors.cpp $avx2 -o "$work/avx2_vectors.o"
compile src/kernels/avx512.cpp $avx512 -o "$work/avx512.o"
compile src/kernels/avx512_codes.cpp $avx512 -o "$work/avx512_codes.o"
compile src/kernels/avx512_vectors.cpp $avx512 -o "$work/avx512_vectors.o"
compile src/kernels/avx512vnni.cpp $avx512 -mavx512vnni -o "$work/avx512vnni.o"
for test in kernels codes vectors; do compile "tests/cpp/kernels/$test.test.cpp" -o "$work/$test.test.o"; done
compile tests/cpp/run.cpp -Dmain=run_tests -o "$work/run.o"
cat > "$work/init.cpp" <<'EOF'
// Process 1 of the emulated machine: all tests, then a line that the script looks for, then off.
#include <sys/reboot.h>
#include <unistd.h>
#include <cstdio>
#include <cstdlib>
int run_tests(int, char**);
int main(int, char** argv) {
    setenv("NEARFILE_TEST_REDUCED", "1", 1);
    char* arguments[] = {argv[0], nullptr};
    std::setvbuf(stdout, nullptr, _IOLBF, 0);
    const int status = run_tests(1, arguments);
    std::printf("nearfile: %s\n", status == 0 ? "all kernels agree" : "kernels differ");
    std::fflush(stdout);
    sync();
    sleep(1);
    reboot(RB_POWER_OFF);
    for (;;) pause();
}
EOF
g++ $flags -static -o "$work/initramfs/init" "$work/init.cpp" "$work"/*.o

if [ -z "${NEARFILE_KERNEL:-}" ]; then
    package=$(apt-cache depends linux-image-cloud-amd64 | sed -n 's/.*Depends: \(linux-image-[^ ]*\).*/\1/p' | head -n 1)
    mkdir -p "$place/kernel"
    (cd "$place/kernel" && [ -d boot ] || { apt-get download "$package" && dpkg -x "$package"_*.deb .; })
    NEARFILE_KERNEL=$(ls "$place"/kernel/boot/vmlinuz-* | head -n 1)
fi

(cd "$work/initramfs" && find . | cpio --quiet -o -H newc | gzip -9) > "$work/image/boot/initramfs.gz"
cp "$NEARFILE_KERNEL" "$work/image/boot/vmlinuz"
# Why these options, with Bochs 2.7: no ACPI, APIC or second processor, for a machine as simple as can be (with them the boot
# did not get further). clearcpuid hides from the kernel, not from the tests, what is emulated wrongly: the sizes of the
# protection key state and of compacted XSAVE (321 323 515 516), without which the kernel turns AVX off, and whatever Ice
# Lake has and Skylake has not (the rest; one of them, probably RDPID, 534, ends in endless exceptions). Without the security
# modules, lsm=capability, it boots faster.
hidden=309,317,321,323,513,514,515,516,518,520,521,522,524,526,534,580
cat > "$work/image/boot/grub/grub.cfg" <<EOF
linux /boot/vmlinuz console=ttyS0 quiet nokaslr mitigations=off tsc=reliable lpj=1000000 acpi=off noapic nolapic nosmp noxsaves clearcpuid=$hidden lsm=capability
initrd /boot/initramfs.gz
boot
EOF
grub-mkrescue -o "$work/boot.iso" "$work/image" > "$work/grub.log" 2>&1

cat > "$work/bochsrc" <<EOF
cpu: model=$processor, count=1, ips=100000000, reset_on_triple_fault=0
memory: guest=512, host=512
romimage: file=/usr/share/bochs/BIOS-bochs-latest
vgaromimage: file=/usr/share/bochs/VGABIOS-lgpl-latest
ata0: enabled=1
ata0-master: type=cdrom, path=$work/boot.iso, status=inserted
boot: cdrom
com1: enabled=1, mode=file, dev=$work/serial.txt
display_library: rfb, options="timeout=0"
clock: sync=none, time0=utc
panic: action=fatal
log: $work/bochs.log
EOF
: > "$work/serial.txt"
echo "booting $processor; the machine's serial port is $work/serial.txt"
echo c | timeout 1800 bochs -q -f "$work/bochsrc" > "$work/bochs.out" 2>&1 &
emulator=$!
while kill -0 "$emulator" 2> "$work/kill.log" && ! grep -q -E '^nearfile: |Kernel panic' "$work/serial.txt"; do sleep 2; done
kill "$emulator" 2> "$work/kill.log" || true
cat "$work/serial.txt"
grep -q '^nearfile: all kernels agree' "$work/serial.txt"
