package server

// Drain puts the server in the state in which Serve waits for requests.
func (s *Server) Drain() { s.draining.Store(true) }
