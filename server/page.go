package server

import "net/http"

// pageText is the page at /: what is here, for a person who looks.
const pageText = `<!DOCTYPE html>
<html lang="en">
<title>Caseway</title>
<h1>Caseway</h1>
<p>A FHIR R4 care-coordination server. The FHIR base URL is <code>/fhir</code>.</p>
<ul>
<li><a href="/cases">/cases</a>: cases, in the words of case managers; <a href="/cases/openapi.json">OpenAPI</a></li>
<li><a href="/fhir/metadata?_pretty=true">/fhir/metadata</a>: what works</li>
<li><a href="/fhir/_history?_pretty=true&amp;_count=20">/fhir/_history</a>: what was written last</li>
<li><a href="/livez">/livez</a>, <a href="/readyz">/readyz</a>: health</li>
<li><a href="/metrics">/metrics</a>: counters for Prometheus</li>
</ul>
</html>
`

// page is GET /.
func page(x *exchange) error {
	h := x.c.Writer.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'")
	x.write(http.StatusOK, []byte(pageText))
	return nil
}
