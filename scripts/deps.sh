#!/usr/bin/env bash
# Installs what the tests need on Debian or Ubuntu as root; elsewhere uses what is there.
set -u
have() { command -v "$1" >/dev/null 2>&1; }
want=()
[ -n "${CHROMIUM:-}" ] || have chromium || have chromium-browser || have google-chrome || want+=(chromium)
have node || want+=(nodejs)
have npm || want+=(npm)

# What tests run under node: the identity provider of staff sign-in, and Twilio's own library, which
# judges the simulated network's webhooks; locked by their package-lock.json.
packages() {
	for dir in internal/auth/oidc/testdata/provider ivr/phonesim/testdata/judge; do
		(cd "$(dirname "$0")/../$dir" || exit
		[ -e node_modules/.package-lock.json ] || ! have npm || npm ci --ignore-scripts --no-audit --no-fund >/dev/null ||
			echo "could not install what tests need from $dir" >&2)
	done
}
[ ${#want[@]} -eq 0 ] && { packages; exit 0; }
if [ "$(id -u)" = 0 ] && have apt-get; then
	echo "installing ${want[*]} for the tests"
	export DEBIAN_FRONTEND=noninteractive
	apt-get update -qq && apt-get install -y -qq --no-install-recommends "${want[@]}" fonts-dejavu-core >/dev/null && { packages; exit 0; }
	echo "could not install ${want[*]} by apt" >&2
fi
packages
echo "NOT FOUND: ${want[*]}. Tests that need them will be skipped (with CI=true they fail)." >&2
[ "${CI:-}" = true ] && exit 1
exit 0
