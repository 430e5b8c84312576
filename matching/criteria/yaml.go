package criteria

import (
	"bytes"
	"errors"
	"io"
	"regexp"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/muster-health/muster/matching/eval"
)

// ParseYAML reads a whole criteria file. The error is Problems.
func ParseYAML(data []byte) (eval.Criteria, error) {
	decoder := yaml.NewDecoder(bytes.NewReader(data))
	var document, rest yaml.Node
	if err := decoder.Decode(&document); err != nil {
		if errors.Is(err, io.EOF) {
			return eval.Criteria{}, Problems{{Text: "the file is empty"}}
		}
		return eval.Criteria{}, Problems{syntax(err)}
	}
	if err := decoder.Decode(&rest); !errors.Is(err, io.EOF) {
		if err != nil {
			return eval.Criteria{}, Problems{syntax(err)}
		}
		return eval.Criteria{}, Problems{{Line: rest.Line, Text: "a second document; one file holds one study's criteria"}}
	}
	return FromNode(document.Content[0])
}

var yamlLine = regexp.MustCompile(`^(?:yaml: )?(?:line (\d+): )?`)

func syntax(err error) Problem {
	m := yamlLine.FindStringSubmatch(err.Error())
	line, _ := strconv.Atoi(m[1]) // none: 0
	return Problem{Line: line, Text: "not YAML: " + err.Error()[len(m[0]):]}
}

// FromNode reads criteria that stand inside another YAML file, such as a study's: a mapping as
// in a criteria file, or only the list of criteria. Lines are those of the whole file.
func FromNode(node *yaml.Node) (eval.Criteria, error) {
	var c eval.Criteria
	b := &builder{ids: map[string]int{}}
	if node.Kind == yaml.SequenceNode {
		c.Items = b.yamlList(node)
		return finish(c, b)
	}
	known := []string{"study", "version", "asOf", "valueSets", "criteria", "notEncoded"}
	c.Sets = b.setsFirst(node)
	listed := false
	b.eachPair(node, "the criteria file", func(key, value *yaml.Node) {
		b.id = ""
		if key.Value == "valueSets" {
			return // read already: criteria above it may name them
		}
		f := b.yamlField(key, value)
		switch key.Value {
		case "study":
			c.Study = b.line(&f)
		case "version":
			n, err := strconv.Atoi(b.one(&f))
			if err != nil || n < 1 {
				b.at(&f, "%s is not a version; write 1, 2, 3 …", shown(b.one(&f)))
			}
			c.Version = n
		case "asOf":
			c.AsOf = b.line(&f)
		case "criteria":
			listed = true
			c.Items = b.yamlList(value)
		case "notEncoded":
			for i := range f.values {
				one := field{key: f.key, line: f.line, column: f.column, values: f.values[i : i+1]}
				b.notEncoded(&c, &one)
			}
		default:
			b.wrong(key.Line, key.Column, key.Value, "unknown%s", didYouMean(key.Value, known))
		}
	})
	if !listed && len(b.problems) == 0 {
		b.wrong(node.Line, node.Column, "criteria", "missing")
	}
	return finish(c, b)
}

func (b *builder) setsFirst(node *yaml.Node) []eval.ValueSet {
	for i := 0; node.Kind == yaml.MappingNode && i+1 < len(node.Content); i += 2 {
		if key := node.Content[i]; key.Value == "valueSets" {
			b.ownSets(node.Content[i+1])
		}
	}
	return b.newSets()
}

func finish(c eval.Criteria, b *builder) (eval.Criteria, error) {
	if err := b.problems.sorted(); err != nil {
		return eval.Criteria{}, err
	}
	return c, nil
}

func (b *builder) yamlList(node *yaml.Node) []eval.Criterion {
	if node.Kind != yaml.SequenceNode {
		b.wrong(node.Line, node.Column, "criteria", "is not a list")
		return nil
	}
	var list []eval.Criterion
	for _, n := range node.Content {
		list = append(list, b.criterion(b.yamlItem(n, 0), 0))
	}
	return list
}

// eachPair walks a mapping, refusing what is none, repeated keys and merge keys.
func (b *builder) eachPair(node *yaml.Node, what string, f func(key, value *yaml.Node)) {
	if node.Kind != yaml.MappingNode {
		b.wrong(node.Line, node.Column, "", "%s is not a mapping of keys to values", what)
		return
	}
	seen := map[string]bool{}
	for i := 0; i+1 < len(node.Content); i += 2 {
		key, value := node.Content[i], node.Content[i+1]
		switch {
		case key.Kind != yaml.ScalarNode || key.Tag == "!!merge":
			b.wrong(key.Line, key.Column, "", "a key must be a plain word")
		case seen[key.Value]:
			b.wrong(key.Line, key.Column, key.Value, "is there twice")
		default:
			seen[key.Value] = true
			f(key, value)
		}
	}
}

func (b *builder) yamlItem(node *yaml.Node, depth int) item {
	it := item{line: node.Line, column: node.Column}
	b.id = ""
	b.eachPair(node, "a criterion", func(key, value *yaml.Node) {
		f := field{key: key.Value, line: key.Line, column: key.Column}
		switch key.Value {
		case "any", "all", "of", "not":
			group := key.Value
			if group == "of" {
				group = "atLeast"
			}
			if it.group != "" && it.group != group {
				b.at(&f, "is a second group; put one inside the other")
				return
			}
			it.group = group
			it.members = b.yamlMembers(key, value, depth)
			if group != "not" {
				it.fields = append(it.fields, f)
			}
		case "onset":
			it.fields = append(it.fields, f)
			b.eachPair(value, "onset", func(k, v *yaml.Node) {
				if k.Value != "within" && k.Value != "atLeastAgo" {
					b.wrong(k.Line, k.Column, k.Value, "unknown%s", didYouMean(k.Value, []string{"within", "atLeastAgo"}))
					return
				}
				if it.field(k.Value) != nil {
					b.wrong(k.Line, k.Column, k.Value, "is there twice")
					return
				}
				it.fields = append(it.fields, b.yamlField(k, v))
			})
		default:
			if it.field(key.Value) != nil {
				b.at(&f, "is there twice")
				return
			}
			it.fields = append(it.fields, b.yamlField(key, value))
		}
	})
	return it
}

func (b *builder) yamlMembers(key, value *yaml.Node, depth int) []item {
	if depth >= maxDepth {
		return nil // the builder says so
	}
	switch {
	case value.Kind == yaml.SequenceNode:
		var members []item
		for _, n := range value.Content {
			members = append(members, b.yamlItem(n, depth+1))
		}
		return members
	case value.Kind == yaml.MappingNode && key.Value == "not":
		return []item{b.yamlItem(value, depth+1)}
	}
	b.wrong(value.Line, value.Column, key.Value, "is not a list of criteria")
	return nil
}

// yamlField reads a scalar or a list of scalars.
func (b *builder) yamlField(key, value *yaml.Node) field {
	f := field{key: key.Value, line: key.Line, column: key.Column}
	scalar := func(n *yaml.Node) {
		if n.Kind != yaml.ScalarNode {
			b.at(&f, "holds something that is no plain value")
			f.broken = true
			return
		}
		f.values = append(f.values, n.Value)
		f.open = append(f.open, n.Tag == "!!null")
	}
	switch value.Kind {
	case yaml.SequenceNode:
		f.list = true
		if strings.Contains(" criteria any all of not ", " "+key.Value+" ") {
			return f
		}
		for _, n := range value.Content {
			scalar(n)
		}
	case yaml.ScalarNode:
		scalar(value)
	case yaml.AliasNode:
		b.at(&f, "is an alias; write the value itself")
		f.broken = true
	default:
		if key.Value != "criteria" {
			b.at(&f, "holds something that is no plain value")
			f.broken = true
		}
	}
	return f
}
