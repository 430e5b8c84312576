package main

import (
	"bytes"
	"debug/buildinfo"
	"encoding/json"
	"os"
	"runtime/debug"
	"strings"
	"testing"
)

// The test binary's own list: what it is made of is known.
func TestListsWhatABinaryIsMadeOf(t *testing.T) {
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	info, err := buildinfo.ReadFile(self)
	if err != nil {
		t.Fatal(err)
	}
	info.Deps = append(info.Deps, dep("example.test/a", "v1.2.3+incompatible", "h1:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU="))
	var first, second bytes.Buffer
	for _, to := range []*bytes.Buffer{&first, &second} {
		if err := write(to, info); err != nil {
			t.Fatal(err)
		}
	}
	if first.String() != second.String() {
		t.Error("two runs differ")
	}
	var doc document
	if err := json.Unmarshal(first.Bytes(), &doc); err != nil {
		t.Fatal(err)
	}
	if doc.Format != "CycloneDX" || doc.Metadata.Component.Name != info.Main.Path || len(doc.Components) != len(info.Deps)+1 || len(doc.Dependencies[0].DependsOn) != len(doc.Components) {
		t.Errorf("got %+v", doc)
	}
	last := doc.Components[len(doc.Components)-1]
	if last.PURL != "pkg:golang/example.test/a@v1.2.3%2Bincompatible" || last.Hashes[0].Content != "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855" {
		t.Errorf("got %+v", last)
	}
	if !strings.HasPrefix(doc.Components[0].PURL, "pkg:golang/stdlib@1.") {
		t.Errorf("the Go release is %+v", doc.Components[0])
	}
	info.Deps[len(info.Deps)-1].Sum = "h1:not base64"
	if err := write(&first, info); err == nil {
		t.Error("a broken checksum is taken")
	}
}

func dep(path, version, sum string) *debug.Module {
	return &debug.Module{Path: path, Version: version, Sum: sum}
}
