#!/usr/bin/env bash
# Measures the store beside the raw driver, sends, the webhooks, the start of the demo, and sizes.
set -euo pipefail
cd "$(dirname "$0")/.."
echo "== machine: $(nproc) cores, $(awk '/model name/{print substr($0, index($0,":")+2); exit}' /proc/cpuinfo), load $(cut -d' ' -f1 /proc/loadavg), $(go version | cut -d' ' -f3), $(date +%F)"
echo "== store, beside the raw SQLite driver in the same run"
go test ./internal/docstore/sqlitedoc -run '^$' -bench . -benchtime "${BENCHTIME:-2s}" | grep -E 'Benchmark|ratio' || true
echo "== one person against 10,000 studies: the index beside a naive loop"
go test ./matching/percolate -run '^$' -bench . -benchtime "${BENCHTIME:-3s}" | grep Benchmark
echo "== sends of the real binary, a phone network beside it that answers after 20 ms"
MUSTER_E2E_FIGURES=1 go test ./internal/e2e -run '^TestFigures' -v -count=1 -timeout 20m | sed -n 's/.*figure: //p'
echo "== webhooks over HTTP, durable before they are answered"
go test ./bench -run '^$' -bench Webhooks -benchtime "${BENCHTIME:-3s}" | grep Benchmark
echo "== a morning of reminders: planned, handed to the simulated network, reported back"
go test ./bench -run '^$' -bench Reminders -benchtime 1x | grep Benchmark
echo "== start of the demo with 2,000 people, and what it holds"
dir=$(mktemp -d)
trap 'kill ${pid:-0} 2>/dev/null || true; rm -rf "$dir" "$dir.keyring.json"' EXIT
start() {
	local began=$(date +%s%N)
	./muster demo --data-dir "$dir/data" --listen 127.0.0.1:18080 --phonesim-listen 127.0.0.1:18090 >"$dir/out" 2>&1 &
	pid=$!
	for _ in $(seq 1 600); do
		if curl -sf -o /dev/null http://127.0.0.1:18080/readyz; then break; fi
		sleep 0.05
	done
	echo "$1: ready after $((($(date +%s%N) - began) / 1000000)) ms, resident $(awk '/VmRSS/{print $2/1024 " MB"}' /proc/$pid/status)"
	kill -INT $pid
	wait $pid || true
}
start "first start"
start "second start"
echo "database: $(du -k "$dir"/data/muster.db | cut -f1) KB"
echo "binary: $(stat -c %s muster | awk '{print $1/1048576 " MB"}') ($(go version -m muster | grep -c '^	dep') modules)"
