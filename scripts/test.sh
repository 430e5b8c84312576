#!/usr/bin/env bash
# Runs every test. A group whose tool is missing is skipped with one loud line; with CI=true that
# is a failure.
set -uo pipefail
cd "$(dirname "$0")/.."
failed=0
skip() {
	echo "=== SKIPPED: $1"
	if [ "${CI:-}" = true ]; then
		echo "=== and CI=true, so that is a failure"
		failed=1
	fi
}
group() {
	echo "=== $1"
	shift
	"$@" || { echo "=== FAILED: $*"; failed=1; }
}

: "${CHROMIUM:=$(command -v chromium || command -v chromium-browser || command -v google-chrome || true)}"
export CHROMIUM
[ -n "${MUSTER_REAL_DATA:-}" ] || echo "=== skipped: tests on real data (set MUSTER_REAL_DATA to a folder that has it)"
[ -n "${MUSTER_TEST_MONGO_URI:-}" ] || echo "=== skipped: the suite on a real MongoDB (set MUSTER_TEST_MONGO_URI)"

[ -e internal/auth/oidc/testdata/provider/node_modules/.package-lock.json ] ||
	skip "staff sign-in at a real identity provider: it could not be installed (needs node and npm; run scripts/deps.sh)"
[ -e ivr/phonesim/testdata/judge/node_modules/.package-lock.json ] ||
	skip "the simulated network before Twilio's library for node: it could not be installed (needs node and npm; run scripts/deps.sh)"

group "build" go build ./...
group "vet" go vet ./...
packages=$(go list ./... | grep -v -e /internal/e2e -e /internal/docstore/mongodoc -e /internal/mongotest/txproxy)
# shellcheck disable=SC2086
group "unit and integration tests" go test -timeout 15m $packages
# With -v, because what is NOT RUN must be seen; the lines of tests that passed are left out.
group "MongoDB path, on FerretDB" bash -c 'set -o pipefail; go test -v -count=1 -timeout 20m ./internal/docstore/mongodoc ./internal/mongotest/txproxy 2>&1 | grep -vE "^ *(=== (RUN|PAUSE|CONT)|--- PASS)"'
if [ -n "$CHROMIUM" ]; then
	group "end to end, with a browser" go test -count=1 -timeout 25m ./internal/e2e/...
else
	skip "end to end with a browser: no Chromium (set CHROMIUM=path)"
fi
exit $failed
