package storetest

import (
	"fmt"
	"math/rand/v2"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/anishathalye/porcupine"

	"caseway/fhir"
	"caseway/fhir/store"
)

var linearCases = []testCase{
	{"linearizable/resources as registers", linearizable},
}

// registerInput is a read, or a write that expects a version.
type registerInput struct {
	key    fhir.Key
	write  bool
	expect int64 // for a write
	value  int   // for a write
}

// registerOutput is what the call saw: the version and value read or written,
// or that the expectation didn't hold.
type registerOutput struct {
	refused bool
	version int64
	value   int
}

// register is a resource's state: version 0 where it never existed.
type register struct {
	version int64
	value   int
}

// registers says what a store may answer: each resource is a register of its
// own, whose writes compare the version and then set.
var registers = porcupine.Model{
	Partition: partitionByKey,
	Init:      func() any { return register{} },
	Step: func(state, input, output any) (bool, any) {
		return step(state.(register), input.(registerInput), output.(registerOutput))
	},
	DescribeOperation: func(input, output any) string { return fmt.Sprintf("%+v → %+v", input, output) },
}

func step(r register, in registerInput, out registerOutput) (bool, any) {
	if !in.write {
		return out.version == r.version && (r.version == 0 || out.value == r.value), r
	}
	fits := in.expect == store.AnyVersion || in.expect == r.version
	if out.refused {
		return !fits, r
	}
	return fits && out.version == r.version+1, register{version: r.version + 1, value: in.value}
}

func partitionByKey(history []porcupine.Operation) [][]porcupine.Operation {
	byKey := map[fhir.Key][]porcupine.Operation{}
	for _, op := range history {
		k := op.Input.(registerInput).key
		byKey[k] = append(byKey[k], op)
	}
	var parts [][]porcupine.Operation
	for _, p := range byKey {
		parts = append(parts, p)
	}
	return parts
}

func linearizable(t *testing.T, d *database) {
	stores := []store.Store{d.store(t)}
	if d.shared {
		stores = append(stores, d.store(t))
	}
	var mu sync.Mutex
	var history []porcupine.Operation
	start := time.Now()
	for i, err := range together(8, func(client int) error {
		c := registerClient{t: t, d: d, s: s0(stores, client), rnd: rand.New(rand.NewPCG(1, uint64(client))), last: map[fhir.Key]int64{}}
		for range scaled(200, 50) {
			in := c.next()
			call := time.Since(start)
			out, err := c.do(in)
			if err != nil {
				return err
			}
			op := porcupine.Operation{ClientId: client, Input: in, Call: call.Nanoseconds(), Output: out, Return: time.Since(start).Nanoseconds()}
			mu.Lock()
			history = append(history, op)
			mu.Unlock()
		}
		return nil
	}) {
		if err != nil {
			t.Fatalf("client %d: %v", i, err)
		}
	}
	if got := porcupine.CheckOperationsTimeout(registers, history, patience); got != porcupine.Ok {
		t.Errorf("the answers to %d calls have no order that explains them: %v", len(history), got)
	}
}

// registerClient works on a few resources with what it last saw of them.
type registerClient struct {
	t    *testing.T
	d    *database
	s    store.Store
	rnd  *rand.Rand
	last map[fhir.Key]int64
}

func (c *registerClient) next() registerInput {
	in := registerInput{key: patient(strconv.Itoa(c.rnd.IntN(4)))}
	switch c.rnd.IntN(10) {
	case 0, 1, 2, 3:
	case 4:
		in.write, in.expect = true, store.AnyVersion
	default:
		in.write, in.expect = true, c.last[in.key]
	}
	in.value = c.rnd.IntN(1 << 30)
	return in
}

func (c *registerClient) do(in registerInput) (registerOutput, error) {
	var versions []store.Version
	var err error
	if in.write {
		versions, err = c.s.Commit(c.d.ctx, store.Commit{Writes: []store.Write{change(in.key, in.expect, in.value)}})
		if isConflict(err, store.VersionMismatch) {
			c.last[in.key]++ // someone was quicker; a guess, until the next read
			return registerOutput{refused: true}, nil
		}
	} else {
		versions, err = c.s.Read(c.d.ctx, in.key)
	}
	if err != nil {
		return registerOutput{}, err
	}
	v := versions[0]
	c.last[in.key] = v.VersionID
	out := registerOutput{version: v.VersionID}
	if v.Exists() {
		out.value = numberIn(c.t, v)
	}
	return out, nil
}
