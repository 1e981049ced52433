# What the scripts share: where they stand, how they speak, and how they get what a fresh machine lacks.
# Sourced by bash, never run. Asks nothing; installs only distribution packages that are missing, and says so.
# shellcheck shell=bash

set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
cd "$root"
target=${CARGO_TARGET_DIR:-$root/target}
plugins=(clock text feed image life)

say() { printf '\n== %s\n' "$*"; }

die() {
    printf '%s: %s\n' "${0##*/}" "$*" >&2
    exit 1
}

# Whether one of the arguments after the first is the flag named first: `given --size "$@"`.
given() {
    local flag=$1 argument
    shift
    for argument in "$@"; do
        case $argument in "$flag" | "$flag"=*) return 0 ;; esac
    done
    return 1
}

# Installs what is missing. Each argument is `program=package`, or `/a/file=package`.
need_packages() {
    local pair have missing=()
    for pair in "$@"; do
        have=${pair%%=*}
        case $have in
            /*) [ -e "$have" ] || missing+=("${pair#*=}") ;;
            *) command -v "$have" >/dev/null || missing+=("${pair#*=}") ;;
        esac
    done
    [ ${#missing[@]} -gt 0 ] || return 0
    command -v apt-get >/dev/null || die "this machine lacks ${missing[*]} and has no apt-get: install them, then run this again"
    local as_root=()
    if [ "$(id -u)" -ne 0 ]; then
        command -v sudo >/dev/null || die "this machine lacks ${missing[*]}: as root, run apt-get install ${missing[*]}"
        as_root=(sudo)
    fi
    say "installing ${missing[*]} with apt-get"
    "${as_root[@]}" apt-get update -qq
    "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}"
}

# The C compiler links every Rust program; TLS is compiled from C. A Pi also compiles the panel's driver.
need_compilers() {
    need_packages cc=gcc /usr/include/stdio.h=libc6-dev
    case $(uname -m) in
        aarch64 | arm*) need_packages c++=g++ make=make git=git ;;
    esac
}

need_rust() {
    local wanted have
    command -v cargo >/dev/null || PATH=$PATH:$HOME/.cargo/bin
    command -v cargo >/dev/null || die "there is no Rust toolchain: install one with rustup, then run this again"
    wanted=$(sed -n 's/^rust-version = "\(.*\)"/\1/p' Cargo.toml)
    have=$(cargo --version | cut -d' ' -f2)
    [ "$(printf '%s\n' "$wanted" "${have%%-*}" | sort -V | head -n 1)" = "$wanted" ] ||
        die "Rust $wanted or newer is needed and this is $have: run rustup update stable"
}

# Puts the five plugins, as they were built for the profile folder `$1`, into the folder `$2`. A host that is watching
# sees each file change once, whole.
put_plugins() {
    local id
    mkdir -p "$2"
    for id in "${plugins[@]}"; do
        cp "$1/libmarquee_plugin_$id.so" "$2/.$id.new"
        mv "$2/.$id.new" "$2/$id.so"
        if [ -d "plugins/$id/assets" ]; then
            rm -rf "$2/$id.assets"
            cp -r "plugins/$id/assets" "$2/$id.assets"
        fi
    done
}
