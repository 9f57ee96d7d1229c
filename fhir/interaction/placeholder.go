package interaction

import (
	"slices"
	"strings"

	"caseway/fhir"
	"caseway/fhir/search"
)

// Criteria in a transaction may name another entry by its fullUrl, as links do:
// "Observation?subject=urn:uuid:…". Such a name is a placeholder for the key that
// the entry's resource turns out to have
// (https://hl7.org/fhir/R4/http.html#trules).

// A resourceName is a value in criteria that can name a resource. from and to are
// where it stands in the text of its parameter, in bytes.
type resourceName struct {
	text     string
	from, to int
	idAlone  bool // an id is expected in its place, and no type
}

// resourceNames gives those in one parameter, in order.
func resourceNames(r *search.Registry, typ string, pair search.Pair) []resourceName {
	var all []resourceName
	if pair.Name == "_filter" {
		for _, v := range search.FilterValues(pair.Value) {
			if v.Operation == "re" || v.Parameter == "_id" {
				all = append(all, resourceName{pair.Value[v.From:v.To], v.From, v.To, v.Parameter == "_id"})
			}
		}
		return all
	}
	if !strings.Contains(pair.Value, ":") || !takesKey(r, typ, pair.Name) {
		return nil
	}
	from := 0
	for text := range strings.SplitSeq(pair.Value, ",") {
		all = append(all, resourceName{text, from, from + len(text), takesID(pair.Name)})
		from += len(text) + 1
	}
	return all
}

// namesEntries reports whether criteria have placeholders.
func (p *entryParser) namesEntries(typ string, pairs []search.Pair) bool {
	for _, pair := range pairs {
		for _, name := range resourceNames(p.session.Registry(), typ, pair) {
			if isPlaceholder(name.text) || strings.Contains(name.text, ":") && p.fullURLs()[name.text] {
				return true
			}
		}
	}
	return false
}

// fullURLs are those of all entries of the Bundle.
func (p *entryParser) fullURLs() map[string]bool {
	if p.urls == nil {
		p.urls = map[string]bool{}
		for n := range p.bundle.Root().All("entry") {
			p.urls[n.Child("fullUrl").Text()] = true
		}
	}
	return p.urls
}

// isPlaceholder tells URLs that mean nothing outside of their Bundle. What has a
// code behind a system, such as urn:oid:1.2|5, is a token and no URL.
func isPlaceholder(value string) bool {
	return (strings.HasPrefix(value, "urn:uuid:") || strings.HasPrefix(value, "urn:oid:")) && !strings.Contains(value, "|")
}

// takesKey reports whether the values of a search parameter can name resources.
// Where a chain or _has ends isn't looked at: what is no reference there is no
// fullUrl either.
func takesKey(r *search.Registry, typ, name string) bool {
	if strings.Contains(name, ".") || strings.HasPrefix(name, "_has:") {
		return true
	}
	code, _, _ := strings.Cut(name, ":")
	p := r.Parameter(typ, code)
	return code == "_id" || p != nil && p.Type == "reference"
}

// takesID reports whether a parameter names resources by their ids alone.
func takesID(name string) bool {
	last := name[strings.LastIndexAny(name, ".:")+1:]
	return last == "_id" || last != "" && last[0] >= 'A' && last[0] <= 'Z'
}

// named gives the entries that criteria name.
func (t *targets) named(r *search.Registry, typ string, pairs []search.Pair) ([]*entry, *fhir.Error) {
	var all []*entry
	for _, pair := range pairs {
		for _, name := range resourceNames(r, typ, pair) {
			switch to := t.byURL[name.text]; {
			case to != nil:
				all = append(all, to)
			case isPlaceholder(name.text):
				return nil, fhir.NewError(fhir.Invalid, fhir.IssueValue,
					"the criteria name a fullUrl that no POST, PUT or PATCH entry of the transaction has")
			}
		}
	}
	return all, nil
}

// filled gives criteria with keys in the place of placeholders.
func (t *targets) filled(r *search.Registry, typ string, pairs []search.Pair) []search.Pair {
	all := slices.Clone(pairs)
	for i, pair := range pairs {
		var text strings.Builder
		copied := 0 // up to where the value of the parameter is in text
		for _, name := range resourceNames(r, typ, pair) {
			to := t.byURL[name.text]
			if to == nil {
				continue
			}
			text.WriteString(pair.Value[copied:name.from])
			if copied = name.to; name.idAlone {
				text.WriteString(to.target().ID)
			} else {
				text.WriteString(to.target().String())
			}
		}
		all[i].Value = text.String() + pair.Value[copied:]
	}
	return all
}

// order puts the entries with criteria into rounds: those whose criteria name
// others come behind these.
func (t *transaction) order() error {
	var wrong problems
	for _, en := range t.entries {
		if en.pending == nil {
			continue
		}
		needs, err := t.targets.named(t.session.Registry(), en.key.Type, en.pending)
		if err != nil {
			wrong.add(err.At(en.criteriaAt()))
		}
		en.needs = needs
	}
	if wrong.any() {
		return wrong.error()
	}
	rounds := map[*entry]int{}
	for _, en := range t.entries {
		if en.criteria == nil {
			continue
		}
		round := roundOf(en, rounds, &wrong)
		for len(t.rounds) <= round {
			t.rounds = append(t.rounds, nil)
		}
		t.rounds[round] = append(t.rounds[round], en)
	}
	return wrong.error()
}

// underway marks an entry whose round is being found.
const underway = -1

// roundOf is one more than the last round of the entries that an entry needs.
func roundOf(en *entry, rounds map[*entry]int, wrong *problems) int {
	if n, known := rounds[en]; known {
		return n
	}
	rounds[en] = underway
	round := 0
	for _, other := range en.needs {
		if other.criteria == nil {
			continue
		}
		n := roundOf(other, rounds, wrong)
		if n == underway {
			wrong.invalid(fhir.IssueInvalid, en.criteriaAt(), "the criteria hang in a circle on those of "+other.at("")+
				", which name this entry or one that does: none of them can be resolved first")
			n = 0
		}
		round = max(round, n+1)
	}
	rounds[en] = round
	return round
}

// criteriaAt is where the entry has its criteria.
func (en *entry) criteriaAt() string {
	if en.verb == "POST" {
		return en.at(".request.ifNoneExist")
	}
	return en.at(".request.url")
}
