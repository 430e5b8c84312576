package deploy

import (
	"strings"
	"testing"

	"github.com/compose-spec/compose-go/v2/cli"
)

// compose.yaml is read as docker compose reads it: schema, variables, references.
func TestComposeAsComposeReadsIt(t *testing.T) {
	load := func(env ...string) (string, error) {
		o, err := cli.NewProjectOptions([]string{"compose.yaml"}, cli.WithEnv(env), cli.WithInterpolation(true), cli.WithConsistency(true))
		if err != nil {
			t.Fatal(err)
		}
		p, err := o.LoadProject(t.Context())
		if err != nil {
			return "", err
		}
		muster, err := p.GetService("muster")
		if err != nil {
			t.Fatal(err)
		}
		if got := *muster.Environment["MUSTER_PUBLIC_URL"]; got != "https://muster.example.test" {
			t.Errorf("public URL %q", got)
		}
		db, err := p.GetService("mongo")
		if err != nil {
			t.Fatal(err)
		}
		if probe := strings.Join(db.HealthCheck.Test, " "); !strings.Contains(probe, `"$(cat /run/secrets/mongo-password)"`) {
			t.Errorf("the probe of the database is %s", probe)
		}
		return *muster.Environment["MUSTER_TWILIO_AUTH_TOKEN_FILE"], nil
	}
	if _, err := load(); err == nil || !strings.Contains(err.Error(), "MUSTER_HOST") {
		t.Errorf("without a name of the site: %v", err)
	}
	token, err := load("MUSTER_HOST=muster.example.test")
	if err != nil || token != "" {
		t.Errorf("without an account the token is %q, %v", token, err)
	}
	token, err = load("MUSTER_HOST=muster.example.test", "TWILIO_ACCOUNT_SID=AC1", "TWILIO_FROM=+14125550100")
	if err != nil || token != "/run/secrets/twilio-auth-token" {
		t.Errorf("with an account the token is %q, %v", token, err)
	}
}
