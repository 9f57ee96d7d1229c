package kit

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// Client speaks FHIR JSON to one server. Safe for concurrent use.
type Client struct {
	Base string // the FHIR base URL without a closing slash
	HTTP *http.Client
}

// NewClient makes a client that keeps as many connections as callers need.
func NewClient(base string) *Client {
	transport := &http.Transport{
		MaxIdleConns: 64, MaxIdleConnsPerHost: 64,
		DisableCompression: true, // bytes are compared as they were sent
	}
	return &Client{Base: base, HTTP: &http.Client{Transport: transport, Timeout: time.Minute}}
}

// Answer is a whole response.
type Answer struct {
	Status int
	Header http.Header
	Body   []byte
}

// Do sends a request to a path below the base, or to a whole URL such as a
// next link. header holds names and values in turn. A body is sent as
// application/fhir+json unless header says otherwise. An error means that
// there was no whole answer.
func (c *Client) Do(ctx context.Context, method, path string, body []byte, header ...string) (Answer, error) {
	url := path
	if !strings.HasPrefix(path, "http://") && !strings.HasPrefix(path, "https://") {
		url = c.Base
		if path != "" {
			url += "/" + path
		}
	}
	var content io.Reader
	if body != nil {
		content = bytes.NewReader(body)
	}
	request, err := http.NewRequestWithContext(ctx, method, url, content)
	if err != nil {
		return Answer{}, err
	}
	if body != nil {
		request.Header.Set("Content-Type", "application/fhir+json")
	}
	for i := 0; i+1 < len(header); i += 2 {
		request.Header.Set(header[i], header[i+1])
	}
	return c.send(request)
}

func (c *Client) send(request *http.Request) (Answer, error) {
	response, err := c.HTTP.Do(request)
	if err != nil {
		return Answer{}, err
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		return Answer{}, err
	}
	return Answer{Status: response.StatusCode, Header: response.Header, Body: body}, nil
}

// Acknowledged reports whether the server said that the request succeeded.
func (a Answer) Acknowledged() bool { return a.Status >= 200 && a.Status < 300 }

// VersionID gives the version of the answer's ETag, W/"3"; 0 where there is
// none.
func (a Answer) VersionID() int64 { return VersionOf(a.Header.Get("ETag")) }

// VersionOf gives the version of a weak ETag, W/"3"; 0 for anything else.
func VersionOf(etag string) int64 {
	text, weak := strings.CutPrefix(etag, `W/"`)
	text, closed := strings.CutSuffix(text, `"`)
	n, err := strconv.ParseInt(text, 10, 64)
	if !weak || !closed || err != nil {
		return 0
	}
	return n
}
