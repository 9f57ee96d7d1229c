# Everything here runs for anyone who has Go, make and git. The MongoDB tests
# also need a server: a mongod on the PATH, CASEWAY_TEST_MONGODB=URI, or the
# stand-in that `make tools` builds with cargo.

GO      ?= go
VERSION ?= $(shell git describe --tags --always --dirty 2>/dev/null || echo devel)

# Pinned, so that a lint run means the same everywhere.
STATICCHECK = honnef.co/go/tools/cmd/staticcheck@v0.8.2
GOFUMPT     = mvdan.cc/gofumpt@v0.12.0
DEADCODE    = golang.org/x/tools/cmd/deadcode@v0.47.0
GOVULNCHECK = golang.org/x/vuln/cmd/govulncheck@v1.3.0
GREMLINS    = github.com/go-gremlins/gremlins/cmd/gremlins@v0.6.0
SECANTUS    = 0.5.3-beta.193
FHIRCLIENT  = 2.6.3

# From PyPI, in .build/venv; they try the case API by its OpenAPI document.
SCHEMATHESIS = schemathesis==4.32.5 openapi-spec-validator==0.9.0

LDFLAGS = -s -w -X caseway/server/command.version=$(VERSION)

# Where goroutines meet, and what the race detector can judge in minutes.
RACE_PACKAGES ?= ./fhir/definition ./fhir/search ./fhir/interaction ./fhir/store/sqlite ./fhir/store/mongo \
                  ./auth/... ./server ./server/cases ./server/audit ./server/operation
FUZZTIME      ?= 20s

# Packages whose own tests are fast and should notice each change of a condition
# or a sum.
MUTATED ?= fhir/jsonpatch fhir/ucum fhir/terminology auth/scope

.PHONY: all build test test-race schemathesis deploy lint fmt bench bench-large fuzz mutate generate fhirclient tools clean

all: lint build test

build: ## bin/caseway: one static binary
	CGO_ENABLED=0 $(GO) build -trimpath -ldflags '$(LDFLAGS)' -o bin/caseway .

test: ## every test, the kill tests on both stores among them
	$(GO) test -timeout 25m ./...

test-race: ## the concurrent packages under the race detector, with fewer rounds
	CGO_ENABLED=1 $(GO) test -race -short -timeout 15m $(RACE_PACKAGES)

schemathesis: .build/venv/bin/st ## the case API by its OpenAPI document, which is checked first; needs python3 with venv
	CASEWAY_SCHEMATHESIS=$(CURDIR)/$< $(GO) test -count 1 -timeout 15m -run '^TestCaseAPIAsItsDocumentSays$$' ./conformance/kit

.build/venv/bin/st: Makefile
	python3 -m venv .build/venv
	.build/venv/bin/pip install --quiet --disable-pip-version-check $(SCHEMATHESIS)
	touch $@

deploy: ## read the examples in deploy by the types of Docker Compose and Kubernetes
	cd deploy/check && $(GO) run . ..

lint: ## go vet, staticcheck, gofumpt, deadcode and govulncheck; silent when clean
	$(GO) vet ./...
	$(GO) run $(STATICCHECK) -checks 'all,-ST1000,-ST1003,-ST1016,-ST1020,-ST1021,-ST1022' ./...
	@unformatted=$$($(GO) run $(GOFUMPT) -l .); \
	if [ -n "$$unformatted" ]; then echo "not gofumpt clean:"; echo "$$unformatted"; exit 1; fi
	@unreachable=$$($(GO) run $(DEADCODE) -test ./...) || exit 1; \
	if [ -n "$$unreachable" ]; then echo "nothing calls:"; echo "$$unreachable"; exit 1; fi
	@found=$$($(GO) run $(GOVULNCHECK) ./... 2>&1); status=$$?; \
	case "$$found" in \
	*'fetching vulnerabilities'*) echo "govulncheck: its database can't be reached here, so known vulnerabilities weren't looked for" ;; \
	*) if [ $$status -ne 0 ]; then echo "$$found"; exit 1; fi ;; \
	esac

mutate: ## change conditions and sums one by one, and say which changes no test notices
	@for package in $(MUTATED); do \
	$(GO) run $(GREMLINS) unleash ./$$package --timeout-coefficient 20 | grep -E 'LIVED|NOT COVERED|efficacy|coverage:' || exit 1; \
	done

fmt: ## write what lint asks for
	$(GO) run $(GOFUMPT) -w .

bench: ## the README's figures, as ratios of what the same machine does bare
	$(GO) test -run '^$$' -bench . -benchtime 1x -timeout 60m -v ./conformance/kit
	$(GO) test -run '^$$' -bench . -benchmem ./fhir/...

bench-large: ## searches in 100,000 and in 1,000,000 resources (SQLite): half an hour, 10 GB
	CASEWAY_BENCH_LARGE=1 $(GO) test -run '^$$' -bench '^BenchmarkSearch' -benchtime 1x -timeout 120m -v ./conformance/kit

fuzz: ## each fuzz target for FUZZTIME, and generated searches on each store
	@set -e; for file in $$(git ls-files '*_test.go' | xargs grep -l '^func Fuzz'); do \
	  for name in $$(sed -n 's/^func \(Fuzz[A-Za-z0-9_]*\).*/\1/p' $$file); do \
	    $(GO) test -run '^$$' -fuzz "^$$name\$$" -fuzztime $(FUZZTIME) ./$$(dirname $$file); \
	  done; \
	done
	CASEWAY_GENERATED=$(FUZZTIME) $(GO) test -count 1 -timeout 0 -run '^TestGeneratedSearches$$' ./conformance/kit

generate: ## the embedded definitions, from the package that a registry serves
	$(GO) generate ./...

APP_CLIENT = server/app/static/fhirclient

fhirclient: ## the sample app's client library again, from its npm package; nothing needs it to build
	@set -e; dir=$$(mktemp -d); trap 'rm -rf "$$dir"' EXIT; \
	npm pack --silent --pack-destination "$$dir" fhirclient@$(FHIRCLIENT); \
	sum=sha512-$$(openssl dgst -sha512 -binary "$$dir"/fhirclient-$(FHIRCLIENT).tgz | base64 -w0); \
	grep -qF "$$sum" $(APP_CLIENT)/SOURCE.md || { echo "not the package that SOURCE.md names: $$sum" >&2; exit 1; }; \
	tar -xzf "$$dir"/fhirclient-$(FHIRCLIENT).tgz -C "$$dir"; \
	cp "$$dir"/package/LICENSE "$$dir"/package/build/fhir-client.pure.min.js "$$dir"/package/build/fhir-client.pure.min.js.LICENSE.txt $(APP_CLIENT)/

tools: ## a stand-in MongoDB for the tests, in .build, where no other is at hand
	@if [ -n "$$CASEWAY_TEST_MONGODB$$CASEWAY_SECANTUSD" ] || command -v mongod >/dev/null || command -v secantusd-rs >/dev/null || [ -x .build/secantus/bin/secantusd-rs ]; then \
	  echo "tools: a MongoDB for the tests is at hand"; \
	elif command -v cargo >/dev/null; then \
	  cargo install secantus-mdb --version $(SECANTUS) --ignore-rust-version --root .build/secantus; \
	else \
	  echo "tools: neither mongod nor cargo found: the MongoDB tests will be skipped" >&2; \
	fi

clean:
	rm -rf bin
