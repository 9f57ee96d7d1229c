package load

import (
	"context"
	"encoding/json"
	"testing"

	"github.com/google/go-cmp/cmp"

	"caseway/fhir"
)

// picky refuses transactions with entries whose resources are named bad, as a
// server does: whole, with an issue for each.
type picky struct{ seen [][]string }

func (p *picky) Send(_ context.Context, item Item) (Answer, error) {
	var b struct {
		Entry []struct {
			Resource struct{ ID string }
		}
	}
	if err := json.Unmarshal(item.Body, &b); err != nil {
		return Answer{}, err
	}
	var ids []string
	var issues []fhir.Issue
	for i, e := range b.Entry {
		ids = append(ids, e.Resource.ID)
		if e.Resource.ID == "bad" {
			issues = append(issues, fhir.Issue{Code: "structure", Expression: "Bundle.entry[" + string(rune('0'+i)) + "].resource.x"})
		}
	}
	p.seen = append(p.seen, ids)
	if len(issues) > 0 {
		return refusalOf(false, "400", issues), nil
	}
	return Answer{Stored: item.Resources}, nil
}

func bundleOf(ids ...string) Item {
	body := `{"resourceType":"Bundle","type":"transaction","entry":[`
	for i, id := range ids {
		if i > 0 {
			body += ","
		}
		body += `{"resource":{"id":"` + id + `"}}`
	}
	return Item{Body: []byte(body + "]}"), Resources: len(ids)}
}

func TestATransactionIsLoadedWithoutItsInvalidEntries(t *testing.T) {
	target := &picky{}
	r := &run{target: target}
	answer, err := r.answer(t.Context(), bundleOf("a", "bad", "b", "bad"))
	if err != nil {
		t.Fatal(err)
	}
	if answer.Stored != 2 || len(answer.Refusals) != 2 || answer.Refusals[0].Entry != 1 || answer.Refusals[1].Entry != 3 {
		t.Errorf("answer is %+v", answer)
	}
	if d := cmp.Diff([][]string{{"a", "bad", "b", "bad"}, {"a", "b"}}, target.seen); d != "" {
		t.Error(d)
	}
}

func TestATransactionOfOnlyInvalidEntriesIsRefused(t *testing.T) {
	r := &run{target: &picky{}}
	answer, err := r.answer(t.Context(), bundleOf("bad", "bad"))
	if err != nil {
		t.Fatal(err)
	}
	if answer.Stored != 0 || len(answer.Refusals) != 1 || answer.Refusals[0].Entry != -1 {
		t.Errorf("answer is %+v", answer)
	}
}

func TestWholeTransactionsOnly(t *testing.T) {
	r := &run{target: &picky{}, options: Options{Whole: true}}
	answer, err := r.answer(t.Context(), bundleOf("a", "bad"))
	if err != nil {
		t.Fatal(err)
	}
	if answer.Stored != 0 || len(answer.Refusals) != 1 {
		t.Errorf("answer is %+v", answer)
	}
}
