#!/usr/bin/env bash
# Chromium for the browser tests: the one that is there, else Debian's, installed where this is possible.
set -euo pipefail

if command -v chromium >/dev/null; then
    chromium --version
    exit
fi
if [[ "$(id -u)" -ne 0 ]] || ! command -v apt-get >/dev/null; then
    echo "found no chromium; expected /usr/bin/chromium. Install it (Debian: sudo apt-get install chromium)." >&2
    exit 1
fi
export DEBIAN_FRONTEND=noninteractive
apt-get update -qq
apt-get install -y -qq --no-install-recommends chromium >/dev/null
chromium --version
