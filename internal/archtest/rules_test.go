package archtest

import (
	"slices"
	"strings"
)

// A rule says what some packages must not import, and why. Paths are relative to the module;
// "portal/..." is portal and everything below it. Folders that do not exist yet are fine.
type rule struct {
	who    []string // packages the rule binds
	except []string // of these, the free ones
	not    []string // what they must not import; ours relative, others in full
	deep   bool     // counts what imports import, too
	why    string
}

const everything = "..."

// pure packages compute and do nothing else.
var pure = []string{"survey", "matching/eval", "matching/criteria", "matching/percolate", "trial/rehearsed", "internal/fhir", "internal/sheet", "internal/ics", "internal/ctgov", "internal/phone", "internal/geo", "internal/ucum", "internal/wording", "internal/sound", "internal/i18n"}

// forTests are packages that only tests and measurements import, and which may build the
// whole program. The command is no different in that.
var forTests = []string{"internal/rig", "internal/e2e/...", "internal/archtest", "bench/...", "internal/docstore/docstoretest", "internal/mongotest/txproxy", "internal/auth/oidc/oidctest", "portal/view/viewtest"}

// whole may import anything of ours.
var whole = append([]string{"cmd/muster"}, forTests...)

// machinery is internal/ less what sits above the domain: sign-in, demo data, test rigs.
var machinery = []string{"internal/docstore/...", "internal/backup", "internal/audit", "internal/outbox", "internal/seal", "internal/clock", "internal/config", "internal/id", "internal/email", "internal/metrics", "internal/logs", "internal/telemetry",
	"internal/i18n", "internal/phone", "internal/geo", "internal/fhir", "internal/sheet", "internal/ics", "internal/ctgov", "internal/ucum", "internal/wording", "internal/sound"}

var domain = []string{"contacts", "matching/...", "survey", "trial", "ivr/...", "portal/..."}

// rules are the arrows of docs/architecture.md, turned around.
var rules = []rule{
	{who: pure, not: []string{"internal/docstore/...", "net/http", "database/sql", "os/exec"}, deep: true,
		why: "pure packages must be usable from web, phone and command line alike, and testable without anything running"},
	{who: []string{"ivr/phonesim"}, not: []string{everything},
		why: "the simulator stands in for somebody else's service; sharing our code it would share our mistakes"},
	{who: []string{everything}, except: whole, not: []string{"internal/docstore/sqlitedoc", "internal/docstore/mongodoc", "ivr/twilio", "ivr/phonesim"},
		why: "which database and which phone company is decided in one place, cmd/muster"},
	{who: []string{"portal/public"}, not: []string{"portal/participant", "portal/staff", "portal/api"},
		why: "audiences never import each other: what one may see must not leak into another's pages"},
	{who: []string{"portal/participant"}, not: []string{"portal/public", "portal/staff", "portal/api"},
		why: "audiences never import each other: what one may see must not leak into another's pages"},
	{who: []string{"portal/staff"}, not: []string{"portal/public", "portal/participant", "portal/api"},
		why: "audiences never import each other: what one may see must not leak into another's pages"},
	{who: []string{"portal/api"}, not: []string{"portal/public", "portal/participant", "portal/staff"},
		why: "audiences never import each other: what one may see must not leak into another's pages"},
	{who: []string{"portal/web", "portal/view"}, not: []string{"portal", "portal/public", "portal/participant", "portal/staff", "portal/api", "contacts", "matching/...", "trial", "survey", "ivr/..."},
		why: "what all pages share knows no page and nothing of the domain"},
	{who: []string{"portal/view"}, not: []string{"portal/web"},
		why: "templates are rendered, they handle no requests"},
	{who: []string{"portal/..."}, except: forTests, not: []string{"ivr/..."},
		why: "the portal asks for a call or a text by an outbox message, so that the consent gate and the record cannot be passed by"},
	{who: []string{"ivr/..."}, not: []string{"portal/..."},
		why: "conversations know nothing of pages"},
	{who: []string{"ivr"}, not: []string{"net/http", "github.com/twilio/..."},
		why: "conversations are run by tests without a carrier"},
	{who: []string{"trial"}, not: []string{"ivr/...", "portal/..."},
		why: "a study does not know how people are reached"},
	{who: []string{"matching/..."}, not: []string{"trial", "ivr/...", "portal/..."},
		why: "matching gets studies through its own small interface, so that it can be measured and reused alone"},
	{who: []string{"matching/eval", "matching/criteria", "matching/percolate"}, not: []string{"contacts", "internal/audit", "internal/outbox", "internal/seal"},
		why: "criteria are judged on plain facts"},
	{who: []string{"contacts"}, not: []string{"matching/...", "trial", "survey", "ivr/...", "portal/..."},
		why: "people exist before studies do"},
	{who: []string{"survey"}, not: []string{"contacts", "matching/...", "trial", "ivr/...", "portal/..."},
		why: "the same questionnaire engine serves all channels and belongs to none"},
	{who: machinery, except: forTests, not: domain,
		why: "machinery carries the product and does not know it"},
	{who: []string{"static"}, not: []string{everything},
		why: "files are files"},
	{who: []string{everything}, except: forTests, not: []string{"internal/rig", "internal/e2e/...", "bench/...", "internal/docstore/docstoretest", "internal/mongotest/txproxy", "internal/auth/oidc/oidctest", "portal/view/viewtest"},
		why: "what is made for tests does not ship"},

	{who: []string{everything}, except: append([]string{"internal/docstore/sqlitedoc"}, forTests...), not: []string{"modernc.org/sqlite/..."},
		why: "SQLite has one home: a query elsewhere would escape the conformance suite"},
	{who: []string{everything}, except: append([]string{"internal/docstore/mongodoc"}, forTests...), not: []string{"go.mongodb.org/mongo-driver/v2/mongo/..."},
		why: "MongoDB has one home: a query elsewhere would escape the conformance suite (bson is the common document form, and free)"},
	{who: []string{everything}, except: []string{"internal/backup"}, not: []string{"filippo.io/age/...", "github.com/klauspost/compress/..."},
		why: "the form of a backup is decided and documented in one place"},
	{who: []string{everything}, except: []string{"ivr/twilio"}, not: []string{"github.com/twilio/..."},
		why: "the carrier has one home"},
	{who: []string{everything}, except: []string{"internal/email"}, not: []string{"github.com/wneessen/...", "github.com/emersion/..."},
		why: "e-mail leaves in one place, behind the outbox"},
	{who: []string{everything}, except: []string{"internal/auth/oidc"}, not: []string{"github.com/coreos/go-oidc/...", "golang.org/x/oauth2/..."},
		why: "tokens of the identity provider are checked in one place"},
	{who: []string{everything}, except: []string{"internal/telemetry"}, not: []string{"go.opentelemetry.io/..."},
		why: "traces have one home, where everything but patterns and ids is taken out of them"},
	{who: []string{everything}, except: []string{"internal/logs"}, not: []string{"github.com/lmittmann/..."},
		why: "the log is made in one place, behind its wall"},
	{who: []string{everything}, not: []string{"github.com/compose-spec/..."},
		why: "a test of deploy reads compose.yaml with it; the program has no use for it"},
	{who: []string{everything}, not: []string{"github.com/santhosh-tekuri/..."},
		why: "tests hold what is written against the schema of FHIR R4 with it; the program has no use for it"},
	{who: []string{everything}, except: []string{"internal/phone"}, not: []string{"github.com/nyaruka/..."},
		why: "numbers are phone.Number everywhere, which prints masked"},
	{who: []string{everything}, except: []string{"internal/i18n"}, not: []string{"github.com/nicksnyder/..."},
		why: "words come from internal/i18n, which is tested as a whole"},
	{who: []string{everything}, except: []string{"portal", "portal/web", "ivr/phonesim", "internal/e2e/..."}, not: []string{"github.com/gorilla/mux"},
		why: "the router may be replaced: routes and path variables are read in one place"},
}

// matches tells whether a path is one of the patterns.
func matches(patterns []string, path string) bool {
	return slices.ContainsFunc(patterns, func(p string) bool {
		base, below := strings.CutSuffix(p, "/...")
		return path == base || below && strings.HasPrefix(path, base+"/")
	})
}
