package docscheck

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"go/types"
	"os"
	"path"
	"path/filepath"
	"reflect"
	"strconv"
	"strings"
	"testing"
)

const module = "github.com/muster-health/muster/"

// field is one place in a stored document: "points[].value".
type field struct {
	path, typ, comment string
	leaf               bool
}

// source reads types from the program's source, because most are private to their package.
type source struct {
	t        *testing.T
	packages map[string]*pkg
}

type pkg struct {
	dir   string
	types map[string]decl
}

type decl struct {
	expr ast.Expr
	file *ast.File
}

func (s *source) pkg(dir string) *pkg {
	s.t.Helper()
	if p := s.packages[dir]; p != nil {
		return p
	}
	p := &pkg{dir, map[string]decl{}}
	s.packages[dir] = p
	for _, name := range goFiles(s.t, filepath.Join(root, dir)) {
		f, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.ParseComments)
		if err != nil {
			s.t.Fatal(err)
		}
		ast.Inspect(f, func(n ast.Node) bool {
			if ts, ok := n.(*ast.TypeSpec); ok {
				p.types[ts.Name.Name] = decl{ts.Type, f}
			}
			return true
		})
	}
	return p
}

func goFiles(t *testing.T, dir string) (out []string) {
	t.Helper()
	all, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range all {
		if n := e.Name(); strings.HasSuffix(n, ".go") && !strings.HasSuffix(n, "_test.go") {
			out = append(out, filepath.Join(dir, n))
		}
	}
	return out
}

// fields lists what a struct stores, in order, what stands inside others included. Every document
// has _id, rev and changed, which are left out.
func (s *source) fields(dir, name string) []field {
	p := s.pkg(dir)
	d, ok := p.types[name]
	if !ok {
		s.t.Fatalf("%s has no type %s", dir, name)
	}
	st, ok := d.expr.(*ast.StructType)
	if !ok {
		s.t.Fatalf("%s.%s is no struct", dir, name)
	}
	return s.walk(p, d.file, st, "")
}

func (s *source) walk(p *pkg, file *ast.File, st *ast.StructType, prefix string) (out []field) {
	for _, f := range st.Fields.List {
		key := strings.Join(fieldNames(f), ",")
		if f.Tag != nil {
			tag, err := strconv.Unquote(f.Tag.Value)
			if err != nil {
				s.t.Fatal(err)
			}
			key, _, _ = strings.Cut(reflect.StructTag(tag).Get("bson"), ",")
			if key == "" || key == "-" { // inline Meta, or not stored
				continue
			}
		}
		comment := strings.TrimSpace(f.Doc.Text() + " " + f.Comment.Text())
		out = append(out, s.place(p, file, f.Type, prefix+key, comment)...)
	}
	return out
}

func fieldNames(f *ast.Field) (out []string) {
	for _, n := range f.Names {
		out = append(out, n.Name)
	}
	return out
}

// place is what one field stores: itself, and what is inside when it is a struct of ours.
func (s *source) place(p *pkg, file *ast.File, t ast.Expr, at, comment string) []field {
	for {
		switch v := t.(type) {
		case *ast.StarExpr:
			t = v.X
		case *ast.ArrayType:
			if id, ok := v.Elt.(*ast.Ident); ok && id.Name == "byte" {
				return []field{{at, "bytes", comment, true}}
			}
			at, t = at+"[]", v.Elt
		case *ast.Ident:
			return s.named(p, file, v.Name, at, comment)
		case *ast.SelectorExpr:
			where := s.imported(file, v.X.(*ast.Ident).Name)
			if dir, ours := strings.CutPrefix(where, module); ours {
				return s.named(s.pkg(dir), nil, v.Sel.Name, at, comment)
			}
			return []field{{at, types.ExprString(v), comment, true}}
		default:
			return []field{{at, types.ExprString(t), comment, true}}
		}
	}
}

func (s *source) named(p *pkg, file *ast.File, name, at, comment string) []field {
	d, ok := p.types[name]
	if !ok {
		return []field{{at, name, comment, true}}
	}
	switch v := d.expr.(type) {
	case *ast.StructType:
		head := field{path: at, typ: path.Base(p.dir) + "." + name, comment: comment}
		return append([]field{head}, s.walk(p, d.file, v, at+".")...)
	case *ast.Ident:
		return []field{{at, v.Name, comment, true}} // type Status string
	}
	return s.place(p, d.file, d.expr, at, comment)
}

func (s *source) imported(file *ast.File, name string) string {
	if file != nil {
		for _, im := range file.Imports {
			where, err := strconv.Unquote(im.Path.Value)
			if err == nil && (im.Name != nil && im.Name.Name == name || im.Name == nil && path.Base(where) == name) {
				return where
			}
		}
	}
	return fmt.Sprintf("(import %s)", name)
}
