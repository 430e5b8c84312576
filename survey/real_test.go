package survey

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// realDir is the folder of real questionnaires, or skips loudly.
func realDir(t testing.TB) string {
	dir := os.Getenv("MUSTER_REAL_DATA")
	if dir == "" {
		t.Skip("SKIPPED: MUSTER_REAL_DATA is not set; real questionnaires were not read")
	}
	return filepath.Join(dir, "questionnaires")
}

func TestRealQuestionnairesLoadOrAreRefusedWithAReason(t *testing.T) {
	files, err := filepath.Glob(filepath.Join(realDir(t), "*", "*.json"))
	if err != nil {
		t.Fatal(err)
	}
	loaded, refused := 0, 0
	for _, file := range files {
		if strings.Contains(file, "responses") {
			continue
		}
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		name := filepath.Base(file)
		q, err := Parse(data)
		if err != nil {
			refused++
			t.Logf("%-45s refused: %s", name, strings.ReplaceAll(err.Error(), "\n", "\n\t\t"))
			continue
		}
		loaded++
		ways := ""
		for _, c := range []Channel{SMS, Voice} {
			if q.Check(c) == nil {
				ways += " " + string(c)
			}
		}
		t.Logf("%-45s loaded:  %s, also by:%s", name, q.Ref(), ways)
	}
	t.Logf("%d loaded, %d refused", loaded, refused)
	if loaded+refused != 47 {
		t.Errorf("%d questionnaires seen, want 47", loaded+refused)
	}
}
