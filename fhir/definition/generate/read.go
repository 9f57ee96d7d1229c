package main

import (
	"archive/zip"
	"bytes"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"io"
	"os"
	"strings"
)

// definitions is what the artifact says, as far as it is used.
type definitions struct {
	structures       []*structureDefinition
	extensions       []*extensionDefinition
	searchParameters []*searchParameter
	compartments     []*compartmentDefinition
	codeSystems      map[string]*codeSystem // by URL
	valueSets        map[string]*valueSet   // by URL
}

const folder = "org/hl7/fhir/r4/model/"

// xmlBundles are the artifact's files that are read, in this order: a later
// file's definition of a URL doesn't replace an earlier one's.
var xmlBundles = []string{
	"profile/profiles-types.xml",
	"profile/profiles-resources.xml",
	"valueset/valuesets.xml",
	"valueset/v3-codesystems.xml",
	"valueset/v2-tables.xml",
}

func readDefinitions(jar string) (*definitions, error) {
	data, err := os.ReadFile(jar)
	if err != nil {
		return nil, err
	}
	if err := verify(data); err != nil {
		return nil, err
	}
	archive, err := zip.NewReader(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		return nil, err
	}
	d := &definitions{codeSystems: map[string]*codeSystem{}, valueSets: map[string]*valueSet{}}
	for _, name := range xmlBundles {
		if err := readEntry(archive, name, d.addXML); err != nil {
			return nil, err
		}
	}
	if err := readEntry(archive, "extension/extension-definitions.xml", d.addExtensions); err != nil {
		return nil, err
	}
	return d, readEntry(archive, "sp/search-parameters.json", d.addSearchParameters)
}

// addExtensions reads the definitions of extensions.
func (d *definitions) addExtensions(r io.Reader) error {
	var bundle struct {
		Definitions []*extensionDefinition `xml:"entry>resource>StructureDefinition"`
	}
	if err := xml.NewDecoder(r).Decode(&bundle); err != nil {
		return err
	}
	d.extensions = bundle.Definitions
	return nil
}

func readEntry(archive *zip.Reader, name string, add func(io.Reader) error) error {
	f, err := archive.Open(folder + name)
	if err != nil {
		return err
	}
	defer f.Close()
	if err := add(f); err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	return nil
}

// addXML reads the resources that stand in a bundle's entries; no definition
// that is read here stands anywhere else.
func (d *definitions) addXML(r io.Reader) error {
	dec := xml.NewDecoder(r)
	for {
		token, err := dec.Token()
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
		if start, ok := token.(xml.StartElement); ok {
			if err := d.addResource(dec, start); err != nil {
				return err
			}
		}
	}
}

func (d *definitions) addResource(dec *xml.Decoder, start xml.StartElement) error {
	switch start.Name.Local {
	case "StructureDefinition":
		s := new(structureDefinition)
		err := dec.DecodeElement(s, &start)
		if s.wanted() {
			d.structures = append(d.structures, s)
		}
		return err
	case "CompartmentDefinition":
		c := new(compartmentDefinition)
		d.compartments = append(d.compartments, c)
		return dec.DecodeElement(c, &start)
	case "CodeSystem":
		c := new(codeSystem)
		err := dec.DecodeElement(c, &start)
		if d.codeSystems[c.URL.V] == nil {
			d.codeSystems[c.URL.V] = c
		}
		return err
	case "ValueSet":
		v := new(valueSet)
		err := dec.DecodeElement(v, &start)
		if d.valueSets[v.URL.V] == nil {
			d.valueSets[v.URL.V] = v
		}
		return err
	}
	return nil
}

func (d *definitions) addSearchParameters(r io.Reader) error {
	var bundle struct {
		Entry []struct{ Resource *searchParameter }
	}
	if err := json.NewDecoder(r).Decode(&bundle); err != nil {
		return err
	}
	for _, e := range bundle.Entry {
		d.searchParameters = append(d.searchParameters, e.Resource)
	}
	return nil
}

// value is a primitive in FHIR's XML form: <status value="active"/>.
type value struct {
	V string `xml:"value,attr"`
}

func (v value) set() bool { return v.V == "true" }

// tail is a canonical URL's last segment, such as "Patient" of a type's.
func (v value) tail() string { return v.V[strings.LastIndexByte(v.V, '/')+1:] }
