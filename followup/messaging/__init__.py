"""Messages out: rendered, queued, sent by a pump that never doubts silently, and followed to their end."""
