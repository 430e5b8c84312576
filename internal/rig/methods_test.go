package rig_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// owners are the types that make every change of the product, by the folder they are in; and the
// names of the fields by which the others hold them.
var (
	owners = map[string]string{"contacts": "Directory", "trial": "Coordinator", "ivr": "Operator", "internal/outbox": "Box", "internal/auth/staff": "Members"}
	fields = map[string]string{"People": "contacts.Directory", "Trial": "trial.Coordinator", "Box": "internal/outbox.Box", "Audit": "audit.Log"}
)

// committing reads the source and returns the exported methods of owners that commit something, by
// themselves or through what they call: "contacts.Directory.SignUp". A method that is given a batch
// only adds to it.
func committing(t *testing.T) []string {
	t.Helper()
	calls := map[string][]string{} // who calls whom
	open := map[string]bool{}      // exported, of an owner, without a batch
	for folder, owner := range owners {
		files, err := filepath.Glob("../../" + folder + "/*.go")
		if err != nil || len(files) == 0 {
			t.Fatalf("no source in %s, %v", folder, err)
		}
		for _, path := range files {
			if strings.HasSuffix(path, "_test.go") {
				continue
			}
			file, err := parser.ParseFile(token.NewFileSet(), path, nil, 0)
			if err != nil {
				t.Fatal(err)
			}
			for _, d := range file.Decls {
				f, ok := d.(*ast.FuncDecl)
				if !ok || f.Body == nil {
					continue
				}
				self, name := receiver(f), folder+"."+f.Name.Name
				if self.kind != "" {
					name = folder + "." + self.kind + "." + f.Name.Name
				}
				if self.kind == owner && f.Name.IsExported() && !takesBatch(f) {
					open[name] = true
				}
				calls[name] = append(calls[name], called(folder, self, f.Body)...)
			}
		}
	}
	commits := map[string]bool{commit: true}
	for grown := true; grown; {
		grown = false
		for name, to := range calls {
			if !commits[name] && slices.ContainsFunc(to, func(x string) bool { return commits[x] }) {
				commits[name], grown = true, true
			}
		}
	}
	var out []string
	for name := range open {
		if commits[name] {
			out = append(out, name)
		}
	}
	slices.Sort(out)
	return out
}

type self struct{ name, kind string }

func receiver(f *ast.FuncDecl) (s self) {
	if f.Recv == nil || len(f.Recv.List) != 1 {
		return s
	}
	if len(f.Recv.List[0].Names) == 1 {
		s.name = f.Recv.List[0].Names[0].Name
	}
	t := f.Recv.List[0].Type
	if p, ok := t.(*ast.StarExpr); ok {
		t = p.X
	}
	if id, ok := t.(*ast.Ident); ok {
		s.kind = id.Name
	}
	return s
}

func takesBatch(f *ast.FuncDecl) bool {
	return slices.ContainsFunc(f.Type.Params.List, func(p *ast.Field) bool {
		star, ok := p.Type.(*ast.StarExpr)
		if !ok {
			return false
		}
		sel, ok := star.X.(*ast.SelectorExpr)
		return ok && sel.Sel.Name == "Batch"
	})
}

// commit is where all of it ends: a write of the store.
const commit = "commit"

// called lists what a body calls: our own methods and functions, those of other owners, and commit.
func called(folder string, s self, body *ast.BlockStmt) (out []string) {
	ast.Inspect(body, func(n ast.Node) bool {
		call, ok := n.(*ast.CallExpr)
		if !ok {
			return true
		}
		switch fun := call.Fun.(type) {
		case *ast.Ident:
			out = append(out, folder+"."+fun.Name)
		case *ast.SelectorExpr:
			switch x := fun.X.(type) {
			case *ast.Ident:
				if x.Name == s.name {
					out = append(out, folder+"."+s.kind+"."+fun.Sel.Name)
				}
			case *ast.SelectorExpr:
				if owner := fields[x.Sel.Name]; owner != "" && owner != "audit.Log" {
					out = append(out, owner+"."+fun.Sel.Name)
				}
				look := fun.Sel.Name == "Read" && (x.Sel.Name == "log" || x.Sel.Name == "Audit")
				if look || fun.Sel.Name == "Update" || fun.Sel.Name == "Commit" || fun.Sel.Name == "Do" && strings.EqualFold(x.Sel.Name, "store") {
					out = append(out, commit)
				}
			}
		}
		return true
	})
	return out
}
