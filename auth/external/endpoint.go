package external

import (
	"errors"
	"net/url"

	"caseway/auth"
)

// checkEndpoint refuses URLs that keys and tokens must not travel by: plain
// HTTP beyond this machine.
func checkEndpoint(text string) error {
	u, err := url.Parse(text)
	if err != nil || u.Host == "" || u.User != nil || u.Fragment != "" {
		return errors.New("isn't a URL such as https://login.example.org")
	}
	if u.Scheme == "https" || u.Scheme == "http" && auth.IsLoopback(u.Hostname()) {
		return nil
	}
	return errors.New("must be https; http is for loopback only")
}
