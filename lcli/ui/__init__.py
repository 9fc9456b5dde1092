"""Rich tables, trees and progress; JSON. Only cli/ imports it."""
