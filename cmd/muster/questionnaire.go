package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/muster-health/muster/survey"
	"github.com/muster-health/muster/trial"
)

// questionnaireCommand is for those who write questionnaires: what is wrong with a file, and how
// people would meet it.
func questionnaireCommand() *cobra.Command {
	cmd := &cobra.Command{Use: "questionnaire", Short: "Check, preview or publish questionnaires, FHIR R4 in JSON"}
	cmd.AddCommand(questionnaireCheck(), questionnairePreview(), questionnairePut(), questionnairePair())
	return cmd
}

// examined is what is known of a file.
type examined struct {
	File string `json:"file"`
	survey.Examined
}

func questionnaireCheck() *cobra.Command {
	var format string
	var channels, langs []string
	cmd := &cobra.Command{Use: "check FILE…", Short: "Print what is wrong with questionnaires, and on which channels each can be asked", Args: cobra.MinimumNArgs(1),
		Long: "Reads files and touches no database. What the file says that cannot be asked is an error. What cannot be asked by text or phone is a warning, and an error on the channels that --channels names. Ends with 1 if there is an error.",
		RunE: func(cmd *cobra.Command, args []string) error {
			wanted, err := channelsNamed(channels)
			if err = errors.Join(err, oneOf(format, "text", "json")); err != nil {
				return err
			}
			var all []examined
			bad := 0
			for _, name := range args {
				data, err := os.ReadFile(name)
				if err != nil {
					return err
				}
				x := survey.Examine(data, wanted, langs)
				bad += x.Errors()
				all = append(all, examined{name, x})
			}
			if format == "json" {
				err = printJSON(cmd.OutOrStdout(), all)
			} else {
				err = printChecked(cmd.OutOrStdout(), all)
			}
			if err == nil && bad > 0 {
				err = fmt.Errorf("%d to mend", bad)
			}
			return err
		}}
	cmd.Flags().StringVar(&format, "format", "text", "text or json")
	cmd.Flags().StringSliceVar(&channels, "channels", nil, "it must be possible on these: web, sms, voice, staff")
	cmd.Flags().StringSliceVar(&langs, "lang", nil, "in these languages (default: those the file has)")
	return cmd
}

// channelsNamed reads --channels.
func channelsNamed(names []string) ([]survey.Channel, error) {
	var out []survey.Channel
	for _, n := range names {
		if err := oneOf(n, "web", "sms", "voice", "staff"); err != nil {
			return nil, fmt.Errorf("--channels %q: use web, sms, voice or staff", n)
		}
		out = append(out, survey.Channel(n))
	}
	return out, nil
}

func printChecked(w io.Writer, all []examined) error {
	for _, x := range all {
		if x.Ref != "" {
			fmt.Fprintf(w, "%s: %s (%s), %s; can be asked by %s\n", x.File, x.Title, x.Ref, strings.Join(x.Languages, ", "), joined(x.Channels))
		}
		for _, f := range x.Findings {
			at := x.File
			if f.LinkID != "" {
				at += fmt.Sprintf(": item %q", f.LinkID)
			}
			where := strings.TrimSpace(string(f.Channel) + " " + f.Lang)
			if where != "" {
				where = " (" + where + ")"
			}
			fmt.Fprintf(w, "%s: %s%s: %s\n", at, f.Level, where, f.Text)
		}
	}
	return nil
}

// previewed is a file as people would meet it.
type previewed struct {
	File     string           `json:"file"`
	Ref      string           `json:"questionnaire"`
	Title    string           `json:"title"`
	Notice   string           `json:"notice,omitempty"`
	Mode     survey.Mode      `json:"mode,omitempty"`
	Channels []survey.Channel `json:"channels"`
	Scripts  []survey.Script  `json:"scripts"`
}

func questionnairePreview() *cobra.Command {
	var format string
	var langs []string
	cmd := &cobra.Command{Use: "preview FILE…", Short: "Show every question as it is read on the web, as a text with its parts, and as it is spoken with its keys", Args: cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := oneOf(format, "text", "json"); err != nil {
				return err
			}
			var all []previewed
			for _, name := range args {
				data, err := os.ReadFile(name)
				if err != nil {
					return err
				}
				q, err := survey.ParseFile(name, data)
				if err != nil {
					return err
				}
				x := previewed{File: name, Ref: q.Ref(), Title: q.Title("en"), Notice: q.Notice(), Mode: q.Mode()}
				speaks := langs
				if len(speaks) == 0 {
					speaks = q.Languages()
				}
				x.Channels = q.Ways(speaks...)
				for _, lang := range speaks {
					x.Scripts = append(x.Scripts, q.Script(lang))
				}
				all = append(all, x)
			}
			if format == "json" {
				return printJSON(cmd.OutOrStdout(), all)
			}
			return printPreviews(cmd.OutOrStdout(), all)
		}}
	cmd.Flags().StringVar(&format, "format", "text", "text or json")
	cmd.Flags().StringSliceVar(&langs, "lang", nil, "languages (default: those the file has)")
	return cmd
}

func joined(channels []survey.Channel) string {
	var all []string
	for _, c := range channels {
		all = append(all, string(c))
	}
	return strings.Join(all, ", ")
}

// wide is how many characters a column of a printed preview has.
const wide = 38

func printPreviews(w io.Writer, all []previewed) error {
	for _, x := range all {
		for _, s := range x.Scripts {
			fmt.Fprintf(w, "%s (%s), %s: %s\n", x.Title, x.Ref, s.Lang, joined(x.Channels))
			if x.Notice != "" {
				fmt.Fprintf(w, "%s\n", x.Notice)
			}
			printRow(w, []string{"On the web"}, []string{fmt.Sprintf("By text, %d parts in all", s.Parts)}, []string{"By phone"})
			for _, a := range s.Asked {
				fmt.Fprintln(w, strings.Repeat("-", 3*wide+4))
				head := a.LinkID
				if a.Required {
					head += ", required"
				}
				if a.When != "" {
					head += ", asked if " + a.When
				}
				fmt.Fprintln(w, head)
				web := append(append([]string{}, a.Lead...), a.Question)
				for _, o := range a.Options {
					web = append(web, "( ) "+o)
				}
				if len(a.Options) == 0 {
					web = append(web, "["+a.Answer+"]")
				}
				text := append(strings.Split(a.Text, "\n"), fmt.Sprintf("(%d)", a.Segments))
				if a.NoText != "" {
					text = []string{"Not by text: " + a.NoText}
				}
				said := a.Said
				if a.NoVoice != "" {
					said = []string{"Not by phone: " + a.NoVoice}
				}
				printRow(w, web, text, said)
			}
			fmt.Fprintln(w)
		}
	}
	return nil
}

// printRow sets paragraphs side by side.
func printRow(w io.Writer, columns ...[]string) {
	var folded [][]string
	most := 0
	for _, c := range columns {
		var lines []string
		for _, paragraph := range c {
			lines = append(lines, foldWords(paragraph, wide)...)
		}
		folded = append(folded, lines)
		most = max(most, len(lines))
	}
	for i := range most {
		var row []string
		for _, lines := range folded {
			cell := ""
			if i < len(lines) {
				cell = lines[i]
			}
			row = append(row, cell+strings.Repeat(" ", max(0, wide-len([]rune(cell)))))
		}
		fmt.Fprintln(w, strings.TrimRight(strings.Join(row, "  "), " "))
	}
}

// foldWords breaks a text into lines of at most width characters, between words where it can.
func foldWords(text string, width int) []string {
	var lines []string
	line := ""
	for _, word := range strings.Fields(text) {
		switch {
		case line == "":
			line = word
		case len([]rune(line))+1+len([]rune(word)) <= width:
			line += " " + word
		default:
			lines, line = append(lines, line), word
		}
	}
	return append(lines, line)
}

func questionnairePut() *cobra.Command {
	var name string
	var draft bool
	cmd := &cobra.Command{Use: "put FILE…", Short: "Store questionnaires, so that studies can ask for them by name", Args: cobra.MinimumNArgs(1),
		Long: "Publishes each file under its name without .json: who begins from now on is asked it, who is half way through the version before goes on with that. With --draft nobody is asked it yet. Refused where a study that asks it could not, or where people have answered another file under the same version.",
		RunE: func(cmd *cobra.Command, args []string) error {
			if name != "" && len(args) > 1 {
				return errors.New("--name is for one file")
			}
			c, err := settings(cmd)
			if err != nil {
				return err
			}
			state := trial.QuestionnairePublished
			if draft {
				state = trial.QuestionnaireDraft
			}
			return withCore(cmd.Context(), c, true, func(k *core) error {
				for _, file := range args {
					data, err := os.ReadFile(file)
					if err != nil {
						return err
					}
					as := name
					if as == "" {
						as = strings.TrimSuffix(filepath.Base(file), ".json")
					}
					v, changed, err := k.trial.PutQuestionnaire(cmd.Context(), operator(), as, data, state)
					if err != nil {
						return fmt.Errorf("%s: %w", file, err)
					}
					what := "is unchanged"
					if changed {
						what = "is stored, " + v.State
					}
					fmt.Fprintf(cmd.OutOrStdout(), "Questionnaire %s (%s) %s.\n", v.Name, v.ID, what)
				}
				return nil
			})
		}}
	cmd.Flags().StringVar(&name, "name", "", "what studies call it (default: the file's name)")
	cmd.Flags().BoolVar(&draft, "draft", false, "nobody is asked it yet")
	return cmd
}
