"""Programs of anchors: asked for, decided, limited, closed."""
