package trial

import (
	"testing"

	"go.mongodb.org/mongo-driver/v2/bson"
)

func TestDial(t *testing.T) {
	for number, want := range map[string]string{"MAIN-4F7KQ2": "437572", "NORTH-WEST-01ABYZ": "012299", "main-000001": "000001", "": ""} {
		if got := Dial(number); got != want {
			t.Errorf("%q is keyed %q, want %q", number, got, want)
		}
	}
}

// Subjects stored before they could be found by keys get theirs, once; others stay as they are.
func TestSubjectsOfVersionOneCanBeDialled(t *testing.T) {
	stored, err := bson.Marshal(bson.D{{Key: "_id", Value: "sub_1"}, {Key: "number", Value: "MAIN-4F7KQ2"}})
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if stored, err = addDial(stored); err != nil {
			t.Fatal(err)
		}
		var d bson.D
		if err := bson.Unmarshal(stored, &d); err != nil {
			t.Fatal(err)
		}
		if got := bson.Raw(stored).Lookup("dial").StringValue(); got != "437572" || len(d) != 3 {
			t.Errorf("dial %q in %v", got, d)
		}
	}
	none, err := bson.Marshal(bson.D{{Key: "_id", Value: "sub_2"}})
	if err != nil {
		t.Fatal(err)
	}
	if got, err := addDial(none); err != nil || string(got) != string(none) {
		t.Errorf("a subject without a number became %v, %v", got, err)
	}
}
