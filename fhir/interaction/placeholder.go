package interaction

import (
	"strings"

	"caseway/fhir"
	"caseway/fhir/search"
)

// Criteria in a transaction may name another entry by its fullUrl, as links do:
// "Observation?subject=urn:uuid:…". Such a name is a placeholder for the key that
// the entry's resource turns out to have
// (https://hl7.org/fhir/R4/http.html#trules).

// namesEntries reports whether criteria have placeholders.
func (p *entryParser) namesEntries(typ string, pairs []search.Pair) bool {
	for _, pair := range pairs {
		for value := range strings.SplitSeq(pair.Value, ",") {
			if strings.Contains(value, ":") && takesKey(p.session.Registry(), typ, pair.Name) && (isPlaceholder(value) || p.fullURLs()[value]) {
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

// isPlaceholder tells URLs that mean nothing outside of their Bundle.
func isPlaceholder(url string) bool {
	return strings.HasPrefix(url, "urn:uuid:") || strings.HasPrefix(url, "urn:oid:")
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
		if !takesKey(r, typ, pair.Name) {
			continue
		}
		for value := range strings.SplitSeq(pair.Value, ",") {
			switch to := t.byURL[value]; {
			case to != nil:
				all = append(all, to)
			case isPlaceholder(value):
				return nil, fhir.NewError(fhir.Invalid, fhir.IssueValue,
					"the criteria name a fullUrl that no POST, PUT or PATCH entry of the transaction has")
			}
		}
	}
	return all, nil
}

// filled gives criteria with keys in the place of placeholders.
func (t *targets) filled(r *search.Registry, typ string, pairs []search.Pair) []search.Pair {
	all := make([]search.Pair, len(pairs))
	for i, pair := range pairs {
		if all[i] = pair; !takesKey(r, typ, pair.Name) {
			continue
		}
		values := strings.Split(pair.Value, ",")
		for n, value := range values {
			if to := t.byURL[value]; to != nil {
				values[n] = to.target().String()
				if takesID(pair.Name) {
					values[n] = to.target().ID
				}
			}
		}
		all[i].Value = strings.Join(values, ",")
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
