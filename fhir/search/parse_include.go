package search

import (
	"slices"
	"strings"

	"caseway/fhir"
)

func (p *requestParser) include(modifier, value string) (string, error) {
	return p.addInclude("_include", modifier, value)
}

func (p *requestParser) revinclude(modifier, value string) (string, error) {
	return p.addInclude("_revinclude", modifier, value)
}

const includeForm = "the value is [type]:[reference parameter of that type], with :[type of its target] behind it if need be; " +
	"[type]:* for all its references and * for all there are"

// addInclude reads _include and _revinclude
// (https://hl7.org/fhir/R4/search.html#include).
func (p *requestParser) addInclude(name, modifier, value string) (string, error) {
	i := Include{Reverse: name == "_revinclude"}
	switch modifier {
	case "":
	case "iterate":
		i.Iterate = true
	case "recurse":
		return "", fhir.NewError(fhir.Invalid, fhir.IssueNotSupported, "FHIR R4 calls the modifier :recurse :iterate")
	default:
		return "", fhir.NewError(fhir.Invalid, fhir.IssueNotSupported, "the parameter "+name+" takes the modifier :iterate and no other")
	}
	if err := p.fillInclude(&i, name, value); err != nil {
		return "", err
	}
	if !slices.Contains(p.request.Includes, i) {
		p.request.Includes = append(p.request.Includes, i)
		p.warnOfPending(name, i)
	}
	return value, nil
}

// warnOfPending tells which parameters an include of all references leaves
// out, because existing resources aren't indexed by them yet.
func (p *requestParser) warnOfPending(name string, i Include) {
	if i.Param != nil {
		return
	}
	types := []string{i.Source}
	if i.Source == "*" {
		types = p.registry.set.ResourceTypes()
	}
	if i.Source == "*" && !i.Reverse && !i.Iterate {
		types = p.types
	}
	for _, typ := range types {
		for _, param := range p.registry.Parameters(typ) {
			if param.Pending && param.Type == "reference" {
				p.request.Ignored = append(p.request.Ignored, name+" leaves out what "+param.Code+" of "+typ+
					" leads to: existing resources aren't indexed by it yet"+param.howFar())
			}
		}
	}
}

func (p *requestParser) fillInclude(i *Include, name, value string) error {
	if i.Source = value; value == "*" {
		return nil
	}
	if strings.Contains(value, ",") {
		return malformed(name, "it doesn't take several values; repeat the parameter")
	}
	parts := strings.Split(value, ":")
	if len(parts) < 2 || len(parts) > 3 || slices.Contains(parts, "") {
		return malformed(name, includeForm)
	}
	i.Source = parts[0]
	if !p.registry.set.IsResourceType(i.Source) {
		return notSupported("the parameter " + name + ": the first part is no resource type" + p.typeHint(i.Source))
	}
	if len(parts) == 3 {
		i.Target = parts[2]
	}
	if i.Target != "" && !p.registry.set.IsResourceType(i.Target) {
		return notSupported("the parameter " + name + ": the third part is no resource type" + p.typeHint(i.Target))
	}
	if parts[1] != "*" {
		if err := p.includeParameter(i, name, parts[1]); err != nil {
			return err
		}
	}
	return p.checkInclude(i, name)
}

func (p *requestParser) includeParameter(i *Include, name, code string) (err error) {
	if i.Param, err = p.parameter(i.Source, code); err != nil {
		return err
	}
	if i.Param.Type != "reference" {
		return notSupported("the parameter " + name + " takes references; " + code + " of " + i.Source + " is of type " + i.Param.Type)
	}
	if i.Target != "" && !slices.Contains(i.Param.Targets(), i.Target) {
		return notSupported("the parameter " + code + " of " + i.Source + " never leads to a " + i.Target + "; it leads to " + strings.Join(i.Param.Targets(), ", "))
	}
	return nil
}

// checkInclude refuses what never includes anything. With :iterate the
// includes of others count too, so anything can.
func (p *requestParser) checkInclude(i *Include, name string) error {
	if i.Iterate {
		return nil
	}
	if !i.Reverse {
		if !slices.Contains(p.types, i.Source) {
			return notSupported("the parameter _include begins with the type that is searched; to follow references of included resources, write _include:iterate")
		}
		return nil
	}
	targets := p.registry.set.ResourceTypes()
	if i.Param != nil {
		targets = i.Param.Targets()
	}
	if i.Target != "" {
		targets = []string{i.Target}
	}
	if !slices.ContainsFunc(p.types, func(typ string) bool { return slices.Contains(targets, typ) }) {
		return notSupported("the parameter " + name + " leads to no type that is searched; to include what refers to included resources, write _revinclude:iterate")
	}
	return nil
}
