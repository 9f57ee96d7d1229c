package server

import (
	"net/http"

	"caseway/fhir/search"
	"caseway/fhir/store"
)

// read is GET [base]/[type]/[id].
func read(x *exchange) error {
	v, err := x.server.engine.Read(x.context(), x.key())
	if err != nil {
		return err
	}
	return x.answerRead(v)
}

// vread is GET [base]/[type]/[id]/_history/[vid].
func vread(x *exchange) error {
	v, err := x.server.engine.VRead(x.context(), x.key(), x.c.Param("vid"))
	if err != nil {
		return err
	}
	return x.answerRead(v)
}

func (x *exchange) answerRead(v store.Version) error {
	same, err := notModified(x.c.Request.Header, v)
	if err != nil {
		return err
	}
	if same {
		x.setVersionHeaders(v)
		x.setVary()
		x.c.Writer.WriteHeader(http.StatusNotModified)
		return nil
	}
	if v.Key.Type == "Binary" && x.format.native {
		return x.writeNative(v)
	}
	if x.c.Request.URL.RawQuery != "" {
		if v, err = x.subset(v); err != nil {
			return err
		}
	}
	x.writeVersion(http.StatusOK, v)
	return nil
}

// subset leaves out what _summary and _elements don't ask for.
func (x *exchange) subset(v store.Version) (store.Version, error) {
	pairs, err := search.Split(x.c.Request.URL.RawQuery)
	if err != nil {
		return v, err
	}
	wanted, err := x.server.engine.ParseSubset(pairs, v.Key.Type)
	if err != nil {
		return v, err
	}
	return x.server.engine.Subset(v, wanted), nil
}
