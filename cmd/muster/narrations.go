package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/muster-health/muster/internal/sound"
	"github.com/muster-health/muster/trial"
)

// narrationsCommand is for whoever has the phone's words read aloud: what is missing, and a folder of files.
func narrationsCommand() *cobra.Command {
	cmd := &cobra.Command{Use: "narrations", Short: "Recorded prompts: what the phone plays in place of the synthetic voice"}
	cmd.AddCommand(narrationsList(), narrationsPut())
	return cmd
}

// spokenLine is a sentence as --format json prints it.
type spokenLine struct {
	Study         string `json:"study"`
	Lang          string `json:"language"`
	State         string `json:"state"` // "recorded", "missing", "unreadable", "stale"
	File          string `json:"file,omitempty"`
	Questionnaire string `json:"questionnaire,omitempty"`
	Item          string `json:"item,omitempty"`
	Words         string `json:"words"`
}

func narrationsList() *cobra.Command {
	var langs []string
	var all, check bool
	format := "text"
	cmd := &cobra.Command{Use: "list [STUDY…]", Short: "Print what is not recorded, with the name a file for it has",
		Long: "Prints for each study and language how many sentences are recorded, and what is missing, stale or cannot be read. Read each sentence exactly as it stands and save it under the name beside it, ending in .wav or .mp3; `muster narrations put` takes the folder. With --check it ends with 1 where anything is missing, stale or cannot be read.",
		RunE: func(cmd *cobra.Command, args []string) error {
			c, err := settings(cmd)
			if err = errors.Join(err, oneOf(format, "text", "json")); err != nil {
				return err
			}
			return withCore(cmd.Context(), c, false, func(k *core) error {
				studies, err := k.named(cmd.Context(), args)
				if err != nil {
					return err
				}
				var lines []spokenLine
				var counts []string
				open := 0
				for _, st := range studies {
					report, err := k.trial.NarrationReport(cmd.Context(), &st)
					if err != nil {
						return err
					}
					for _, n := range report.Counts() {
						if len(langs) == 0 || slices.Contains(langs, n.Lang) {
							counts = append(counts, st.ID+" "+n.String())
							open += n.Missing + n.Stale
						}
					}
					lines = append(lines, listing(st.ID, report, langs, all)...)
				}
				if format == "json" {
					err = printJSON(cmd.OutOrStdout(), lines)
				} else {
					err = printListing(cmd.OutOrStdout(), counts, lines)
				}
				if err == nil && check && open > 0 {
					err = fmt.Errorf("recorded prompts: %d are missing or stale", open)
				}
				return err
			})
		}}
	cmd.Flags().StringSliceVar(&langs, "lang", nil, "in these languages (default: all)")
	cmd.Flags().BoolVar(&all, "all", false, "list what is recorded too")
	cmd.Flags().BoolVar(&check, "check", false, "end with 1 where anything is missing, stale or cannot be read")
	cmd.Flags().StringVar(&format, "format", format, "text or json")
	return cmd
}

// named are the studies with these ids, all where there are none.
func (k *core) named(ctx context.Context, ids []string) ([]trial.Study, error) {
	if len(ids) == 0 {
		return k.trial.Studies(ctx)
	}
	var out []trial.Study
	for _, id := range ids {
		st, err := k.trial.Study(ctx, trial.StudyID(id))
		if err != nil {
			return nil, fmt.Errorf("study %s: %w", id, err)
		}
		out = append(out, st)
	}
	return out, nil
}

func listing(study string, report trial.NarrationReport, langs []string, all bool) (out []spokenLine) {
	wanted := func(lang string) bool { return len(langs) == 0 || slices.Contains(langs, lang) }
	for _, s := range report.Sentences {
		if wanted(s.Lang) && (all || s.State != trial.NarrationRecorded) {
			out = append(out, spokenLine{study, s.Lang, s.State, s.File(), s.Questionnaire, s.Item, s.Words})
		}
	}
	for _, n := range report.Stale {
		if wanted(n.Lang) {
			out = append(out, spokenLine{Study: study, Lang: n.Lang, State: "stale", Words: n.Words})
		}
	}
	return out
}

func printListing(w io.Writer, counts []string, lines []spokenLine) error {
	if len(counts) == 0 {
		_, err := fmt.Fprintln(w, "Nothing is asked by phone.")
		return err
	}
	for _, c := range counts {
		fmt.Fprintln(w, c)
	}
	for _, l := range lines {
		file := l.File
		if file == "" {
			file = "-"
		}
		if _, err := fmt.Fprintf(w, "%s\t%s\t%s\t%s\n", l.Study, l.State, file, l.Words); err != nil {
			return err
		}
	}
	return nil
}

func narrationsPut() *cobra.Command {
	return &cobra.Command{Use: "put STUDY FOLDER", Short: "Put a folder of recordings in place, each named as `muster narrations list` says", Args: cobra.ExactArgs(2),
		Long: "Takes every file of a folder whose name, without its ending, is one that `muster narrations list` prints. A file with another name, or one that a phone cannot play, is named with what to do, and then nothing at all is stored.",
		RunE: func(cmd *cobra.Command, args []string) error {
			c, err := settings(cmd)
			if err != nil {
				return err
			}
			return withCore(cmd.Context(), c, false, func(k *core) error {
				studies, err := k.named(cmd.Context(), args[:1])
				if err != nil {
					return err
				}
				sentences, err := k.trial.Sentences(cmd.Context(), &studies[0])
				if err != nil {
					return err
				}
				files, err := narrationFiles(args[1], sentences)
				if err != nil {
					return err
				}
				for _, f := range files {
					if _, err := k.trial.PutNarration(cmd.Context(), operator(), studies[0].StudyID(), f.key, f.name, f.data); err != nil {
						return fmt.Errorf("%s: %w", f.name, err)
					}
				}
				_, err = fmt.Fprintf(cmd.OutOrStdout(), "%d recorded prompts of %s are in place.\n", len(files), studies[0].ID)
				return err
			})
		}}
}

type narrationFile struct {
	name, key string
	data      []byte
}

// narrationFiles reads the files of a folder and looks at each: all of what is wrong is one error.
func narrationFiles(folder string, sentences []trial.Sentence) (files []narrationFile, err error) {
	entries, err := os.ReadDir(folder)
	if err != nil {
		return nil, err
	}
	keys := map[string]string{}
	for _, s := range sentences {
		keys[s.File()] = s.Spoken().Key()
	}
	var wrong []error
	for _, e := range entries {
		name := e.Name()
		if e.IsDir() || strings.HasPrefix(name, ".") {
			continue
		}
		stem := strings.TrimSuffix(name, filepath.Ext(name))
		key, ok := keys[stem]
		if !ok {
			wrong = append(wrong, fmt.Errorf("%s: the phone says nothing of that name: see muster narrations list", name))
			continue
		}
		if slices.ContainsFunc(files, func(f narrationFile) bool { return f.key == key }) {
			wrong = append(wrong, fmt.Errorf("%s: there is another file for the same words: keep one", name))
			continue
		}
		if info, err := e.Info(); err == nil && info.Size() > sound.MostBytes {
			wrong = append(wrong, fmt.Errorf("%s: it has more than %d MB: save it as mono, 8 or 16 kHz", name, sound.MostBytes>>20))
			continue
		}
		data, err := os.ReadFile(filepath.Join(folder, name))
		if err == nil {
			_, err = sound.Read(name, data)
		}
		if err != nil {
			wrong = append(wrong, fmt.Errorf("%s: %w", name, err))
			continue
		}
		files = append(files, narrationFile{name, key, data})
	}
	if len(wrong) == 0 && len(files) == 0 {
		wrong = append(wrong, fmt.Errorf("%s: there are no recordings in it", folder))
	}
	return files, errors.Join(wrong...)
}
