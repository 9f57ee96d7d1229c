package command

import (
	"context"
	"crypto/tls"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"time"
)

// Health is the command health: what a container's health check runs.
type Health struct {
	Listen  string `default:"127.0.0.1:8080" help:"Address that the server listens on."`
	TLSCert string `name:"tls-cert" help:"Set where the server speaks TLS."`
}

// healthLimit is how long an answer may take.
const healthLimit = 2 * time.Second

// Run asks /livez.
func (h Health) Run(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, healthLimit)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, h.url(), nil)
	if err != nil {
		return err
	}
	// The server is on this machine; its certificate names another host.
	client := http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true}}}
	answer, err := client.Do(request)
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		return fmt.Errorf("%s answers %s", h.url(), answer.Status)
	}
	return nil
}

// url is /livez on loopback where the server listens on all addresses.
func (h Health) url() string {
	scheme := "http"
	if h.TLSCert != "" {
		scheme = "https"
	}
	host, port, err := net.SplitHostPort(h.Listen)
	if err != nil {
		return scheme + "://" + h.Listen + "/livez"
	}
	if ip, err := netip.ParseAddr(host); host == "" || err == nil && ip.IsUnspecified() {
		host = "127.0.0.1"
	}
	return scheme + "://" + net.JoinHostPort(host, port) + "/livez"
}
