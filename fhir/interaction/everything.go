package interaction

import (
	"context"
	"slices"
	"strconv"
	"strings"
	"time"

	"caseway/fhir"
	"caseway/fhir/budget"
	"caseway/fhir/search"
	"caseway/fhir/store"
)

// EverythingRequest asks for all that belongs to a patient or to a case
// (https://hl7.org/fhir/R4/patient-operation-everything.html).
type EverythingRequest struct {
	Key  fhir.Key // of a Patient, or of what a further Compartment is of
	Base string   // our own base URL without a closing slash
	// Parameters are those of the URL, decoded: start, end, _since, _type,
	// _count, and the cursor of a next link.
	Parameters []search.Pair
	Answer     *budget.Answer // what the page's JSON is drawn from; nil: it has no bound
}

// Everything gives a page of all that belongs to a patient: the Patient
// compartment. Of what a further Compartment is of it is all that belongs to that
// one, and what the resource itself names. Each page has
// besides the resources of the directory that those on it name: practitioners,
// organizations, places; so these can be on several pages.
func (s *Session) Everything(ctx context.Context, r EverythingRequest) ([]byte, error) {
	return whole(s.EverythingText(ctx, r))
}

// EverythingText is Everything that doesn't put the page together.
func (s *Session) EverythingText(ctx context.Context, r EverythingRequest) (fhir.Text, error) {
	run, err := s.prepareEverything(ctx, r)
	if err != nil {
		return fhir.Text{}, err
	}
	return run.run(ctx)
}

func (s *Session) prepareEverything(ctx context.Context, r EverythingRequest) (*searching, error) {
	if err := s.checkKey(r.Key); err != nil {
		return nil, err
	}
	if r.Key.Type != "Patient" && s.compartmentOf(r.Key.Type) == nil {
		return nil, fhir.NewError(fhir.NotFound, fhir.IssueNotSupported, "$everything isn't an operation of "+r.Key.Type)
	}
	v, err := s.current(ctx, r.Key)
	if err != nil {
		return nil, err
	}
	if v, err = s.shown(ctx, Everything, r.Key, v); err != nil {
		return nil, err
	}
	run, pairs, err := s.searching(ctx, r.Base, r.Key.String()+"/$everything", r.Parameters)
	if err != nil {
		return nil, err
	}
	run.narrowing, run.answer = s.narrowingFor(ctx, Everything), r.Answer
	asked, err := s.readEverything(pairs)
	if err != nil {
		return nil, err
	}
	g := everythingOf{session: s, asked: asked, of: v}
	run.query = &search.Request{Count: asked.count, Used: asked.used}
	if run.query.Types, run.query.Where, err = g.plan(ctx); err != nil {
		return nil, err
	}
	run.beside = func(ctx context.Context, hits []search.Hit) (search.Included, error) {
		return g.directory(ctx, run, hits)
	}
	run.shows = g.asked.wants
	return run, run.makePlan(ctx)
}

// everythingAsked are the parameters of $everything.
type everythingAsked struct {
	start, end string // dates, "" for none
	since      time.Time
	types      map[string]bool // nil: all
	count      int
	used       []search.Pair
}

func (e *core) readEverything(pairs []search.Pair) (everythingAsked, error) {
	a := everythingAsked{count: search.MaxCount}
	var wrong problems
	for _, p := range pairs {
		if problem := e.takeEverything(&a, p); problem != nil {
			wrong.add(problem)
			continue
		}
		if p.Name == "_count" {
			p.Value = strconv.Itoa(a.count)
		}
		a.used = append(a.used, p)
	}
	return a, wrong.error()
}

func (e *core) takeEverything(a *everythingAsked, p search.Pair) *fhir.Error {
	malformed := func(what string) *fhir.Error {
		return fhir.NewError(fhir.Invalid, fhir.IssueValue, "the parameter "+p.Name+" is "+what).At(p.Name)
	}
	switch p.Name {
	case "start", "end":
		if _, _, ok := fhir.TimeRange(p.Value); !ok {
			return malformed("a date such as 2024 or 2024-03-05")
		}
		if p.Name == "start" {
			a.start = p.Value
		} else {
			a.end = p.Value
		}
	case "_since":
		since, err := time.Parse(time.RFC3339Nano, strings.ReplaceAll(p.Value, " ", "+"))
		if err != nil {
			return malformed("an instant with a time zone, such as 2024-03-05T10:00:00Z")
		}
		a.since = since.UTC()
	case "_count":
		n, err := strconv.ParseUint(p.Value, 10, 31)
		if err != nil || n == 0 {
			return malformed("how many resources a page has, 1 or more")
		}
		a.count = int(min(n, search.MaxCount))
	case "_type":
		return e.takeTypes(a, p)
	default:
		return fhir.NewError(fhir.Invalid, fhir.IssueNotSupported,
			"$everything takes the parameters start, end, _since, _type and _count").At(p.Name)
	}
	return nil
}

func (e *core) takeTypes(a *everythingAsked, p search.Pair) *fhir.Error {
	if a.types == nil {
		a.types = map[string]bool{}
	}
	for typ := range strings.SplitSeq(p.Value, ",") {
		if err := e.checkType(typ); err != nil {
			return fhir.NewError(fhir.Invalid, fhir.IssueValue, asError(err).Issues[0].Text).At("_type")
		}
		a.types[typ] = true
	}
	return nil
}

func (a *everythingAsked) wants(typ string) bool { return a.types == nil || a.types[typ] }

// wantsDirectory reports whether resources of the directory are wanted. What
// names them is then looked for whatever its type, and _type chooses from all
// that was found.
func (a *everythingAsked) wantsDirectory() bool { return slices.ContainsFunc(directoryTypes, a.wants) }

// everythingOf finds everything of one resource.
type everythingOf struct {
	session *Session
	asked   everythingAsked
	of      store.Version
	only    bool // what isn't of the types asked for isn't followed either
}

// plan gives the types and the condition on them.
func (g *everythingOf) plan(ctx context.Context) ([]string, search.Expr, error) {
	belongs, named := g.inCompartment, map[string]search.Keys(nil)
	if further := g.session.compartmentOf(g.of.Key.Type); further != nil {
		var err error
		if named, err = g.namedBy(further); err != nil {
			return nil, nil, err
		}
		belongs = func(typ string) (search.Expr, error) { return g.inFurther(ctx, further, typ) }
	}
	var types []string
	var inside []search.Expr
	var either search.Or
	for _, typ := range g.session.types.names {
		if !g.asked.wants(typ) && (g.only || !g.asked.wantsDirectory()) {
			continue
		}
		where, err := belongs(typ)
		if err != nil {
			return nil, nil, err
		}
		if where == nil {
			continue
		}
		if where, err = g.inTime(ctx, typ, where); err != nil {
			return nil, nil, err
		}
		types, inside = append(types, typ), append(inside, where)
		if len(named[typ]) == 0 {
			continue
		}
		if where, err = g.inTime(ctx, typ, named[typ]); err != nil {
			return nil, nil, err
		}
		either = append(either, where)
	}
	if types == nil {
		return g.session.types.names[:1], search.Or{}, nil
	}
	either = append(either, search.AnyWithin(g.of.Key, inside))
	if g.asked.since.IsZero() {
		return types, either, nil
	}
	return types, search.And{either, search.Updated{From: g.asked.since}}, nil
}

func (g *everythingOf) inCompartment(typ string) (search.Expr, error) {
	return g.session.Registry().InCompartment(g.of.Key, typ)
}

// inFurther is the condition that resources of a type belong to a further
// compartment.
func (g *everythingOf) inFurther(ctx context.Context, c *Compartment, typ string) (search.Expr, error) {
	r := g.session.Registry()
	if p := r.Parameter(typ, c.Parameter); p != nil && p.Type == "reference" {
		return search.Leaf{Exact: []search.Term{p.Term(g.of.Key)}}, nil
	}
	return r.Condition(ctx, r.Parameter(typ, "_tag"), "", c.System+"|"+g.of.Key.ID, g.session.env())
}

// namedBy are the resource itself and what it names.
func (g *everythingOf) namedBy(c *Compartment) (map[string]search.Keys, error) {
	tree, err := g.session.decodeStored(g.of)
	if err != nil {
		return nil, err
	}
	byType := map[string]search.Keys{g.of.Key.Type: {g.of.Key}}
	for _, key := range fhir.KeysAt(tree.Root(), c.Names, g.session.base) {
		byType[key.Type] = append(byType[key.Type], key)
	}
	return byType, nil
}

// careDates are the parameters that say when care was given, by which start
// and end narrow; the first that a type has counts.
var careDates = []string{"date", "period", "effective", "effective-time", "authoredon", "authored-on", "whenhandedover", "onset-date", "created", "sent", "recorded", "start-date"}

// inTime adds start and end. What has no date of care is in any time.
func (g *everythingOf) inTime(ctx context.Context, typ string, where search.Expr) (search.Expr, error) {
	if g.asked.start == "" && g.asked.end == "" {
		return where, nil
	}
	r := g.session.Registry()
	for _, code := range careDates {
		p := r.Parameter(typ, code)
		if p == nil || p.Type != "date" || p.Refused != "" {
			continue
		}
		missing, err := r.Condition(ctx, p, "missing", "true", g.session.env())
		if err != nil {
			return nil, err
		}
		var within search.And
		for _, bound := range []struct{ prefix, date string }{{"ge", g.asked.start}, {"le", g.asked.end}} {
			if bound.date == "" {
				continue
			}
			e, err := r.Condition(ctx, p, "", bound.prefix+bound.date, g.session.env())
			if err != nil {
				return nil, err
			}
			within = append(within, e)
		}
		return search.And{where, search.Or{missing, within}}, nil
	}
	return where, nil
}
