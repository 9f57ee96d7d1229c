package cases

import (
	"reflect"

	"caseway/mapping/casemodel"
)

var memberType = reflect.TypeFor[casemodel.Member]()

// merged takes what an edit changed over into the whole case: base is what its
// author saw, mine what they made of it, onto what there is, of which they may not
// see all. Only what differs between base and mine is changed. Parts are found by
// their ids and members of teams by who they are; nothing that base hasn't is
// taken out, and no part at all.
func merged(base, mine, onto reflect.Value) reflect.Value {
	if reflect.DeepEqual(base.Interface(), mine.Interface()) {
		return onto
	}
	switch {
	case base.Kind() == reflect.Struct:
		out := reflect.New(base.Type()).Elem()
		for i := range base.NumField() {
			out.Field(i).Set(merged(base.Field(i), mine.Field(i), onto.Field(i)))
		}
		return out
	case base.Kind() == reflect.Pointer && !base.IsNil() && !mine.IsNil() && !onto.IsNil():
		out := reflect.New(base.Type().Elem())
		out.Elem().Set(merged(base.Elem(), mine.Elem(), onto.Elem()))
		return out
	case base.Kind() == reflect.Slice && isPart(base.Type().Elem()):
		return mergedParts(base, mine, onto)
	case base.Kind() == reflect.Slice && base.Type().Elem() == memberType:
		return mergedMembers(base, mine, onto)
	}
	return mine
}

// mergedParts keeps the order of what there is; new parts come behind.
func mergedParts(base, mine, onto reflect.Value) reflect.Value {
	out := reflect.MakeSlice(base.Type(), 0, onto.Len()+1)
	was, now := byPartID(base), byPartID(mine)
	for i := range onto.Len() {
		part := onto.Index(i)
		b, m := was[idIn(part)], now[idIn(part)]
		if b.IsValid() && m.IsValid() {
			part = merged(b, m, part)
		}
		out = reflect.Append(out, part)
	}
	for i := range mine.Len() {
		if part := mine.Index(i); !was[idIn(part)].IsValid() {
			out = reflect.Append(out, part)
		}
	}
	return out
}

func idIn(part reflect.Value) casemodel.Ref {
	return casemodel.Ref(part.FieldByName("ID").String())
}

// byPartID gives the parts of a list by their ids.
func byPartID(list reflect.Value) map[casemodel.Ref]reflect.Value {
	all := make(map[casemodel.Ref]reflect.Value, list.Len())
	for i := range list.Len() {
		all[idIn(list.Index(i))] = list.Index(i)
	}
	return all
}

// mergedMembers keeps the order of what there is. A member that base has and
// mine hasn't was taken off the team.
func mergedMembers(base, mine, onto reflect.Value) reflect.Value {
	out := reflect.MakeSlice(base.Type(), 0, onto.Len()+1)
	inBase, inMine := map[int]bool{}, map[int]bool{}
	for i := range onto.Len() {
		o := onto.Index(i)
		b := takeMember(base, o, inBase)
		m := takeMember(mine, o, inMine)
		switch {
		case b >= 0 && m >= 0:
			out = reflect.Append(out, merged(base.Index(b), mine.Index(m), o))
		case b < 0 && m < 0:
			out = reflect.Append(out, o)
		case b < 0:
			out = reflect.Append(out, mine.Index(m))
		}
	}
	for i := range mine.Len() {
		if !inMine[i] {
			out = reflect.Append(out, mine.Index(i))
		}
	}
	return out
}

// takeMember finds a member in a list, each once; -1 for none.
func takeMember(list, m reflect.Value, taken map[int]bool) int {
	party := m.Interface().(casemodel.Member).Party
	for i := range list.Len() {
		if !taken[i] && list.Index(i).Interface().(casemodel.Member).Party.Same(party) {
			taken[i] = true
			return i
		}
	}
	return -1
}
