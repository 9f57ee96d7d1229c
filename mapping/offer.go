package mapping

import (
	"slices"
	"sync"

	"caseway/mapping/casemodel"

	datatypes "github.com/google/fhir/go/proto/google/fhir/proto/r4/core/datatypes_go_proto"
	taskpb "github.com/google/fhir/go/proto/google/fhir/proto/r4/core/resources/task_go_proto"
	"google.golang.org/protobuf/reflect/protoreflect"
)

// otherTasks are the codes of Tasks that ask for something else than to carry
// out what they are about, by system. A system with the code "*" has no other.
var otherTasks = sync.OnceValue(func() map[string][]string {
	all := map[string][]string{}
	for _, row := range rowsOf("task-code") {
		all[row[0]] = append(all[row[0]], row[1])
	}
	return all
})

// asksOtherwise reports whether a Task's code means something else than to
// fulfil what the Task is about. A code that nobody has agreed on means nothing
// else.
func asksOtherwise(code casemodel.Concept) bool {
	if code.Is(fulfilCode.System, fulfilCode.Code) {
		return false
	}
	return slices.ContainsFunc(code.Codings, func(k casemodel.Coding) bool {
		other := otherTasks()[k.System]
		return slices.Contains(other, k.Code) || slices.Contains(other, "*")
	})
}

// taskMark is the extension of a task of the case's own that is about a service,
// and no offer of it.
const taskMark = "case-task"

func markTask(m *taskpb.Task) {
	if findExtension(m.ProtoReflect(), extensionURL(taskMark)) == nil {
		yes := true
		extension(taskMark, func(b *bool) *bool { return b }, inBoolean).write(m.ProtoReflect(), &yes)
	}
}

// ownTasks are tasks of the case that would be read as offers but for their mark.
var ownTasks = func() pair[casemodel.Task, taskpb.Task, *taskpb.Task] {
	p := tasks
	p.bindings = append(slices.Clone(tasks.bindings), writeOnly(func(m protoreflect.Message, _ *casemodel.Task) {
		markTask(m.Interface().(*taskpb.Task))
	}))
	return p
}()

// pairOfTask is how a task of a case is written.
func pairOfTask(c *casemodel.Case, t *casemodel.Task) *pair[casemodel.Task, taskpb.Task, *taskpb.Task] {
	about := append([]casemodel.Ref{t.About}, t.BasedOn...)
	if !asksOtherwise(t.Code) && slices.ContainsFunc(about, func(r casemodel.Ref) bool { return c.Service(r) != nil }) {
		return &ownTasks
	}
	return &tasks
}

// requestOf is what a Task offers: the ServiceRequest that it has in focus, else
// the first that it is based on.
func requestOf(m protoreflect.Message) casemodel.Ref {
	var all []casemodel.Ref
	refsOf[struct{}]("basedOn", &all).read(m, nil)
	focus := ref.read(m.Get(field(m, "focus")).Message())
	for _, r := range append([]casemodel.Ref{focus}, all...) {
		if r.Type() == services.typ {
			return r
		}
	}
	return focus
}

// offerOf binds what an offer belongs to: where the Task names it already, in
// whichever way, nothing is written.
var offerOf = binding[frame]{
	read: func(m protoreflect.Message, f *frame) { f.owner = requestOf(m) },
	write: func(m protoreflect.Message, f *frame) {
		if requestOf(m) != f.owner {
			one("focus", func(f *frame) *casemodel.Ref { return &f.owner }, ref).write(m, f)
		}
	},
}

// offered is the service that a Task offers, nil for a Task that is no offer. A
// step within the work of another Task is none.
func (g *gathering) offered(m *taskpb.Task, r *remembered) *casemodel.Service {
	own := recall(r, atMark, func() bool { return findExtension(m.ProtoReflect(), extensionURL(taskMark)) != nil })
	if own || asksOtherwise(codeOfTask(m, r)) {
		return nil
	}
	s := g.c.Service(ownerOf(&offers, r))
	if s == nil || slices.ContainsFunc(m.GetPartOf(), func(p *datatypes.Reference) bool { return g.offers(ref.read(p.ProtoReflect()), s.ID) }) {
		return nil
	}
	return s
}

// offers reports whether a Task of the case is about a service.
func (g *gathering) offers(task, service casemodel.Ref) bool {
	return slices.ContainsFunc(g.types["Task"], func(r *remembered) bool {
		return r.id == task && ownerOf(&offers, r) == service
	})
}
