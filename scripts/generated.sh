#!/usr/bin/env bash
# Fails when a committed build product differs from what its sources make. Needs node; says so.
set -euo pipefail
cd "$(dirname "$0")/.."
if ! command -v npm >/dev/null; then
	echo "SKIPPED: generated files (no npm)"
	[ "${CI:-}" = true ] && exit 1
	exit 0
fi
make -s web geo
if [ -n "$(git status --porcelain -- static internal/geo)" ]; then
	echo "These files are not what their sources make; commit the new ones:"
	git status --porcelain -- static internal/geo
	exit 1
fi
