//go:build !unix

package seal

// ownFile asks nothing where files have no owner of that kind.
func ownFile(string) error { return nil }
