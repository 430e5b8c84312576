// Package columns answers what matching asks of everybody from columns of bits.
package columns
