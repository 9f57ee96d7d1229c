package server

import "github.com/gin-gonic/gin"

// Drain puts the server in the state in which Serve waits for requests.
func (s *Server) Drain() { s.draining.Store(true) }

// Table is all that the server answers, with what is mounted and what it refuses.
func (s *Server) Table() gin.RoutesInfo { return s.mux.Routes() }
