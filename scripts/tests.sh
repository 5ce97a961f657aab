#!/usr/bin/env bash
# Run pytest in .venv: `scripts/tests.sh` for lint and everything that needs no extra, `scripts/tests.sh MARKER` for one
# marker.
# Every skipped test is printed with its reason. The tests' Osler home is a folder of their own, removed afterwards.
set -euo pipefail
cd "$(dirname "$0")/.."

marker="${1:-}"
OSLER_HOME="$(mktemp -d)"
trap 'rm -rf "$OSLER_HOME"' EXIT
export OSLER_HOME HF_HUB_OFFLINE=1 TOKENIZERS_PARALLELISM=false GRADIO_ANALYTICS_ENABLED=False LANGGRAPH_STRICT_MSGPACK=true

# Types are checked on one core: meanwhile the other prepares the tests' home.
linting=""
if [[ -z "$marker" ]]; then
    make --no-print-directory lint &
    linting=$!
fi
# Index and demo patients are made once, before the workers start; each home of a test begins as a copy of this one.
if [[ -z "$marker" || "$marker" == local ]]; then
    OSLER_HOME="$OSLER_HOME/prepared" .venv/bin/python scripts/prepare.py
fi

if [[ -z "$marker" ]]; then
    wait "$linting"
    # A file stays with one worker: its tests share what its fixtures built. Files in the order of tests/conftest.py.
    OMP_NUM_THREADS=1 .venv/bin/python -m pytest -rs -n 2 --dist loadfile --no-loadscope-reorder -m "not local and not browser and not model and not interop"
    exit
fi

code=0
.venv/bin/python -m pytest -rs -m "$marker" || code=$?
# pytest ends with 5 when it selected nothing: fine only while no test carries the marker.
if [[ $code -eq 5 ]]; then
    if marked="$(grep -rlE "mark\.$marker\b" tests --include='*.py')"; then
        echo "no test was selected, yet these carry the marker '$marker':" >&2
        echo "$marked" >&2
        exit 1
    fi
    echo "no test carries the marker '$marker' yet"
    exit 0
fi
exit "$code"
