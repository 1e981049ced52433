#!/bin/sh
# Builds marquee-panel with the real driver library for a 64-bit Raspberry Pi, on an x86-64 Debian machine, and runs
# it under emulation once, to see that it starts and refuses a machine without pins with its one sentence.
#
# Needs, once:
#   rustup target add aarch64-unknown-linux-gnu
#   apt-get install g++-aarch64-linux-gnu qemu-user-static make git
#
# The driver's Makefile reads CC, CXX and AR, and not the variables with a target in their name that other build
# scripts know. Nothing else in this build compiles C, so setting them for all of it does no harm.
set -eu
cd "$(dirname "$0")/.."

target=aarch64-unknown-linux-gnu
profile=${1:-dev}
tools=aarch64-linux-gnu

CC=$tools-gcc CXX=$tools-g++ AR=$tools-ar \
CARGO_TARGET_AARCH64_UNKNOWN_LINUX_GNU_LINKER=$tools-gcc \
    cargo build -p marquee-panel --target "$target" --profile "$profile"

folder=$profile
[ "$profile" = dev ] && folder=debug
program=${CARGO_TARGET_DIR:-target}/$target/$folder/marquee-panel
file "$program" 2>/dev/null || true

# Under emulation there is neither a device tree nor GPIO: the right answer is a refusal, exit code 1.
status=0
said=$(qemu-aarch64-static -L "/usr/$tools" "$program" --check 2>&1) || status=$?
echo "exit $status: $said"
case "$status $said" in
    "1 marquee-panel: this is no Raspberry Pi"*) ;;
    *) echo "cross-panel: the emulated program did not refuse as it should" >&2; exit 1 ;;
esac
